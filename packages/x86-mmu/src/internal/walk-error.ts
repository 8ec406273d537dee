import { formatAddress, OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import type { NonPresentEntry, NonPresentKind } from '../non-present-entry';
import type { FaultedWalk, MappedWalk, PageFaultKind, PageWalk } from '../page-walk';

interface FaultText {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const TEXTS: Readonly<Record<PageFaultKind, FaultText>> = {
  'non-canonical': {
    code: 'ADDRESS_NON_CANONICAL',
    message: 'address not canonical',
    hint: 'not a pointer of this guest, or a guest with another form of paging',
  },
  'not-present': {
    code: 'PAGE_NOT_PRESENT',
    message: 'page not present',
    hint: "never mapped, swapped out, or another process's page table; try --pid",
  },
  'reserved-bit': {
    code: 'PAGE_RESERVED_BIT',
    message: 'reserved bit set',
    hint: 'not a page table, a guest with another form of paging, or a table that was changing during the dump',
  },
  'table-missing': {
    code: 'PAGE_TABLE_MISSING',
    message: 'page table not in memory',
    hint: 'the dump does not hold this table, or the root is not one of a page table',
  },
};

const OTHER_TABLES = "or another process's page table; try --pid";

const HINTS: Readonly<Record<NonPresentKind, string>> = {
  unmapped: `never touched, unmapped again, ${OTHER_TABLES}`,
  'prot-none': 'nobody may use the page, but its bytes are there: read them at the physical address',
  splitting: 'its bytes are there: read them at the physical address',
  swapped: 'its bytes are not in memory; the swap file has them, or zswap has them compressed',
  migration: 'its bytes are there: read them at the physical address',
  poisoned: 'the kernel gave the frame up for broken; its bytes may be wrong',
  device: 'its bytes are in a device, not in memory',
  special: 'if the page was being moved, its bytes are at the physical address',
  marker: 'there is no page; a process that touched it would get a signal',
  withheld: 'a guard page, or memory that the kernel gave back; there is nothing to read',
  unknown: 'not a page table, or a table that was changing during the dump',
};

/** The error that a walk amounts to. */
export function errorOfWalk(result: PageWalk, memory: PhysicalMemory): OsiError {
  return result.fault === undefined ? errorOfFrame(result, memory) : errorOfFault(result, memory);
}

function errorOfFrame(result: MappedWalk, memory: PhysicalMemory): OsiError {
  const { virtual, physical } = result;
  const frame = Math.floor(physical / PAGE_SIZE);
  if (memory.page(frame) === undefined) return memory.hole(frame);
  const where = `virtual ${formatAddress(virtual)} is physical ${formatAddress(physical)}`;
  return new OsiError('PAGE_PRESENT', `no fault: ${where}`, {
    hint: 'it can be read; a running guest may have mapped it since',
    fields: { virtualAddress: virtual, physicalAddress: physical },
  });
}

function errorOfFault(result: FaultedWalk, memory: PhysicalMemory): OsiError {
  const { fault, virtual, level, entryAddress, entry, unmappedBytes, nonPresent } = result;
  const text = TEXTS[fault];
  const said = nonPresent === undefined || entry === 0n ? '' : `: ${nonPresent.meaning}`;
  return new OsiError(
    text.code,
    `${text.message}: ${place(result)}virtual ${formatAddress(virtual)}${said}`,
    {
      hint: nonPresent === undefined ? text.hint : HINTS[nonPresent.kind],
      fields: { virtualAddress: virtual, level, entryAddress, entry, unmappedBytes, ...fieldsOf(nonPresent) },
      cause:
        fault === 'table-missing' && entryAddress !== undefined
          ? memory.hole(Math.floor(entryAddress / PAGE_SIZE))
          : undefined,
    },
  );
}

function fieldsOf(nonPresent: NonPresentEntry | undefined): Readonly<Record<string, unknown>> {
  if (nonPresent === undefined) return {};
  const { kind, physical, swap } = nonPresent;
  return {
    reason: kind,
    ...(physical !== undefined && { physicalAddress: physical }),
    ...(swap !== undefined && { swap }),
  };
}

function place({ level, entryAddress, entry }: FaultedWalk): string {
  if (level === undefined || entryAddress === undefined) return '';
  const value = entry === undefined ? '' : ` ${formatAddress(entry)}`;
  return `${level.slice(0, -1)} entry${value} at physical ${formatAddress(entryAddress)}, `;
}
