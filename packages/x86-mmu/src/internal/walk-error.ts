import { formatAddress, OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
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

/** The error that a walk amounts to. */
export function errorOfWalk(result: PageWalk, memory: PhysicalMemory): OsiError {
  return result.fault === undefined ? errorOfFrame(result, memory) : errorOfFault(result, memory);
}

function errorOfFrame(result: MappedWalk, memory: PhysicalMemory): OsiError {
  const { virtual, physical } = result;
  if (memory.page(Math.floor(physical / PAGE_SIZE)) === undefined) return memory.hole(physical);
  const where = `virtual ${formatAddress(virtual)} is physical ${formatAddress(physical)}`;
  return new OsiError('PAGE_PRESENT', `no fault: ${where}`, {
    hint: 'it can be read; a running guest may have mapped it since',
    fields: { virtualAddress: virtual, physicalAddress: physical },
  });
}

function errorOfFault(result: FaultedWalk, memory: PhysicalMemory): OsiError {
  const { fault, virtual, level, entryAddress, entry } = result;
  const text = TEXTS[fault];
  return new OsiError(text.code, `${text.message}: ${place(result)}virtual ${formatAddress(virtual)}`, {
    hint: text.hint,
    fields: { virtualAddress: virtual, level, entryAddress, entry },
    cause: fault === 'table-missing' && entryAddress !== undefined ? memory.hole(entryAddress) : undefined,
  });
}

function place({ level, entryAddress, entry }: FaultedWalk): string {
  if (level === undefined || entryAddress === undefined) return '';
  const value = entry === undefined ? '' : ` ${formatAddress(entry)}`;
  return `${level.slice(0, -1)} entry${value} at physical ${formatAddress(entryAddress)}, `;
}
