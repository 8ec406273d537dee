import type { PhysicalAddress, PhysicalMemory } from '@osi-linux/core';
import type { PagingForm, PagingLevel } from '../paging-form';

/** What the integer walk says where the address has no translation. */
export const NO_TRANSLATION = -1;

/** A level with its masks split into 32-bit halves. */
interface IntegerLevel {
  readonly shift: number;
  readonly indexMask: number;
  readonly leaf: boolean;
  readonly pageSizeBit: number;
  readonly tableReservedLow: number;
  readonly tableReservedHigh: number;
  readonly pageReservedLow: number;
  readonly pageReservedHigh: number;
  readonly pageMask: number;
  readonly highFrameShift: number;
  readonly highFrameMask: number;
}

/**
 * The page walk in 32-bit integers, for the physical address alone: the same rows as the telling walk, an order of
 * magnitude faster than in bigints.
 */
export class FastWalk {
  private static readonly made = new WeakMap<PagingForm, FastWalk>();

  /** The walk of a form; made once, since a listing makes an address space per process. */
  static of(form: PagingForm): FastWalk {
    const made = FastWalk.made.get(form) ?? new FastWalk(form);
    FastWalk.made.set(form, made);
    return made;
  }

  private readonly levels: readonly IntegerLevel[];
  private readonly wideEntries: boolean;
  private readonly signShift: number;

  private constructor(form: PagingForm) {
    this.levels = form.levels.map(toIntegers);
    this.wideEntries = form.entrySize === 8;
    this.signShift = form.virtualBits - 33;
  }

  /** Whether an address, in halves, is canonical. */
  isCanonical(high: number): boolean {
    if (this.signShift < 0) return high === 0;
    const sign = high >> this.signShift;
    return sign === 0 || sign === -1;
  }

  /** The physical address behind a virtual one given in halves, or {@link NO_TRANSLATION}. */
  translate(memory: PhysicalMemory, root: PhysicalAddress, low: number, high: number): PhysicalAddress {
    if (!this.isCanonical(high)) return NO_TRANSLATION;
    let frame = Math.floor(root / 4096);
    let tableOffset = root % 4096;
    for (const level of this.levels) {
      const page = memory.page(frame);
      if (page === undefined) return NO_TRANSLATION;
      const index = indexOf(level, low, high);
      const at = tableOffset + (this.wideEntries ? index * 8 : index * 4);
      const entry = page.view.getUint32(at, true);
      const entryHigh = this.wideEntries ? page.view.getUint32(at + 4, true) : 0;
      if ((entry & 1) === 0) return NO_TRANSLATION;
      if (level.leaf || (entry & level.pageSizeBit) !== 0) return pageAddress(level, entry, entryHigh, low);
      if ((entry & level.tableReservedLow) !== 0 || (entryHigh & level.tableReservedHigh) !== 0)
        return NO_TRANSLATION;
      frame = (entryHigh & 0xfffff) * 0x100000 + (entry >>> 12);
      tableOffset = 0;
    }
    return NO_TRANSLATION;
  }
}

function indexOf(level: IntegerLevel, low: number, high: number): number {
  const { shift, indexMask } = level;
  if (shift >= 32) return (high >>> (shift - 32)) & indexMask;
  return ((low >>> shift) | (high << (32 - shift))) & indexMask;
}

function pageAddress(level: IntegerLevel, entry: number, entryHigh: number, low: number): number {
  if ((entry & level.pageReservedLow) !== 0 || (entryHigh & level.pageReservedHigh) !== 0)
    return NO_TRANSLATION;
  const high =
    level.highFrameMask === 0 ? entryHigh & 0xfffff : (entry >>> level.highFrameShift) & level.highFrameMask;
  return high * 0x100000000 + (((entry & ~level.pageMask) | (low & level.pageMask)) >>> 0);
}

function toIntegers(level: PagingLevel): IntegerLevel {
  const low = (mask: bigint): number => Number(mask & 0xffffffffn) | 0;
  const high = (mask: bigint): number => Number(mask >> 32n) | 0;
  const hasHighFrame = level.leadsTo === 'either' && level.highFrame !== undefined;
  return {
    shift: level.shift,
    indexMask: 2 ** level.bits - 1,
    leaf: level.leadsTo === 'page',
    pageSizeBit: level.leadsTo === 'either' ? 0x80 : 0,
    tableReservedLow: low(level.reservedInTable),
    tableReservedHigh: high(level.reservedInTable),
    pageReservedLow: low(level.reservedInPage),
    pageReservedHigh: high(level.reservedInPage),
    pageMask: level.leadsTo === 'table' ? 0 : 2 ** level.shift - 1,
    highFrameShift: hasHighFrame ? (level.highFrame?.shift ?? 0) : 0,
    highFrameMask: hasHighFrame ? 2 ** (level.highFrame?.bits ?? 0) - 1 : 0,
  };
}
