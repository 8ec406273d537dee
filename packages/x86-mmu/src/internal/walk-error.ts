import { formatAddress, OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import type { NonPresentEntry, NonPresentKind } from '../non-present-entry';
import type { FaultedWalk, MappedWalk, PageFaultKind, PageWalk } from '../page-walk';
import { residentPage } from './resident-page';

interface FaultText {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const TEXTS: Readonly<Record<PageFaultKind, FaultText>> = {
  'non-canonical': {
    code: 'ADDRESS_NON_CANONICAL',
    message: 'address not canonical',
    hint: 'the address is not a pointer of this guest, or the guest uses another form of paging',
  },
  'not-present': {
    code: 'PAGE_NOT_PRESENT',
    message: 'page not present',
    hint: 'the page was never mapped, is swapped out, or belongs to another process: try --pid',
  },
  'reserved-bit': {
    code: 'PAGE_RESERVED_BIT',
    message: 'reserved bit set',
    hint: 'this is not a page table, the guest uses another form of paging, or the table changed during the dump',
  },
  'table-missing': {
    code: 'PAGE_TABLE_MISSING',
    message: 'page table not in memory',
    hint: 'the dump lacks this table, or the page-table root is wrong',
  },
};

const HINTS: Readonly<Record<NonPresentKind, string>> = {
  unmapped: 'the page was never used, was unmapped again, or belongs to another process: try --pid',
  'prot-none': 'the page is in memory: read it',
  splitting: 'the page is in memory: read it',
  swapped: 'the page is not in memory: it is in the swap file, or compressed in zswap',
  migration: 'the page is in memory: read it',
  poisoned: 'the kernel marked the frame as faulty; its bytes may be wrong',
  device: 'the page is in a device, not in memory',
  special: 'if the page was being migrated, read it at the physical address',
  marker: 'there is no page; a process that accesses it gets a signal',
  withheld: 'a guard page, or memory that the kernel freed; there is nothing to read',
  unknown: 'this is not a page table, or the table changed during the dump',
};

/** The error that a walk amounts to. */
export function errorOfWalk(result: PageWalk, memory: PhysicalMemory): OsiError {
  const found = result.fault === undefined ? result : residentPage(result);
  return found === undefined ? errorOfFault(result as FaultedWalk, memory) : errorOfFrame(found, memory);
}

function errorOfFrame(
  { virtual, physical }: Pick<MappedWalk, 'virtual' | 'physical'>,
  memory: PhysicalMemory,
): OsiError {
  const frame = Math.floor(physical / PAGE_SIZE);
  if (memory.page(frame) === undefined) return memory.hole(frame);
  const where = `virtual ${formatAddress(virtual)} is physical ${formatAddress(physical)}`;
  return new OsiError('PAGE_PRESENT', `no fault: ${where}`, {
    hint: 'read the page; a running guest may have mapped it in the meantime',
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
