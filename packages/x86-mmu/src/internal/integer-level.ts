import type { PagingForm, PagingLevel } from '../paging-form';

/** The result of {@link pageAddress} for an entry with a reserved bit. */
export const NO_PAGE = -1;

/** A level with its masks split into 32-bit halves. */
export interface IntegerLevel {
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

/** The levels of a form, from the top down. */
export function integerLevels(form: PagingForm): readonly IntegerLevel[] {
  return form.levels.map(toIntegers);
}

/** The physical address of `low` in the page of an entry given in halves, or {@link NO_PAGE}. */
export function pageAddress(level: IntegerLevel, entry: number, entryHigh: number, low: number): number {
  if ((entry & level.pageReservedLow) !== 0 || (entryHigh & level.pageReservedHigh) !== 0) return NO_PAGE;
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
