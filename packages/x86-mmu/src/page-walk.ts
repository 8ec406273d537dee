import type { PhysicalAddress, PhysicalMemory, VirtualAddress } from '@osi-linux/core';
import { pageFrame } from './internal/page-frame';
import type { NonPresentEntry } from './non-present-entry';
import type { PagingForm, PagingLevel, PagingLevelName } from './paging-form';

/** A paging-structure entry that a walk read. */
export interface PagingEntry {
  /** Name of the level that the entry is of. */
  readonly level: PagingLevelName;
  /** Where the entry lies. */
  readonly entryAddress: PhysicalAddress;
  /** The entry itself. */
  readonly entry: bigint;
}

/** A walk that reached a page. */
export interface MappedWalk {
  /** Absent: nothing went wrong. */
  readonly fault?: undefined;
  /** The address that was walked to. */
  readonly virtual: VirtualAddress;
  /** The physical address behind it. */
  readonly physical: PhysicalAddress;
  /** Bytes of the page: 4 KiB, 2 MiB, 4 MiB or 1 GiB. */
  readonly pageSize: number;
  /** The entries from the top down. */
  readonly entries: readonly PagingEntry[];
}

/**
 * Why a walk ended early: bits above the translated ones are wrong; bit 0 of an entry is clear; a bit is set that the
 * processor wants clear; the frame of a table is not in physical memory.
 */
export type PageFaultKind = 'non-canonical' | 'not-present' | 'reserved-bit' | 'table-missing';

/** A walk that did not reach a page. */
export interface FaultedWalk {
  /** Why the walk ended. */
  readonly fault: PageFaultKind;
  /** The address that was walked to. */
  readonly virtual: VirtualAddress;
  /** Always absent. */
  readonly physical?: undefined;
  /** Level of the entry that ended the walk; absent for a non-canonical address. */
  readonly level?: PagingLevelName;
  /** Where that entry lies. */
  readonly entryAddress?: PhysicalAddress;
  /** The entry; absent if it could not be read. */
  readonly entry?: bigint;
  /** Bytes from `virtual` to the end of the hole that this one entry makes; the next entry may make another. */
  readonly unmappedBytes: bigint;
  /**
   * The operating system's meaning of an entry that is not present; absent if the entry was not interpreted.
   */
  readonly nonPresent?: NonPresentEntry;
  /** The entries that were read, from the top down, with the one that ended the walk. */
  readonly entries: readonly PagingEntry[];
}

/** The result of a page walk. */
export type PageWalk = MappedWalk | FaultedWalk;

const PRESENT = 1n;
const PAGE_SIZE_BIT = 0x80n;

/**
 * Walks page tables and returns each step; for many addresses `AddressSpace.translate` is faster.
 *
 * `root` is the physical address of the top table; of `address`, the low 64 bits count. Whether the page's own frame is in memory is not looked at.
 * Source: Intel SDM vol. 3A 4.3 to 4.5.
 *
 * @throws RangeError where `form` is made wrong: no level of it ends in a page.
 *
 * @example
 * ```ts
 * const bytes = new Uint8Array(4096);
 * const view = new DataView(bytes.buffer);
 * view.setBigUint64(0, 3n, true);
 * const hole = () => new OsiError('PHYSICAL_HOLE', 'no such frame');
 * const memory = { ranges: [], page: () => ({ bytes, view }), hole, scan: () => 0 };
 * walk(pagingForms['4-level'], memory, 0, 0x123n).physical // => 0x123
 * walk(pagingForms['4-level'], memory, 0, 0x1000n).fault // => 'not-present'
 * ```
 */
export function walk(
  form: PagingForm,
  memory: PhysicalMemory,
  root: PhysicalAddress,
  address: VirtualAddress,
): PageWalk {
  const virtual = BigInt.asUintN(64, address);
  const entries: PagingEntry[] = [];
  const gapEnd = canonicalGapEnd(form, virtual);
  if (gapEnd !== undefined)
    return { fault: 'non-canonical', virtual, unmappedBytes: gapEnd - virtual, entries };
  let table = root;
  for (const level of form.levels) {
    const span = 1n << BigInt(level.shift);
    const unmappedBytes = span - (virtual & (span - 1n));
    const index = Number((virtual >> BigInt(level.shift)) & ((1n << BigInt(level.bits)) - 1n));
    const entryAddress = table + index * form.entrySize;
    const entry = readEntry(form, memory, entryAddress);
    const at = { virtual, level: level.name, entryAddress, unmappedBytes, entries };
    if (entry === undefined) return { fault: 'table-missing', ...at };
    entries.push({ level: level.name, entryAddress, entry });
    const fault = faultOfEntry(level, entry);
    if (fault !== undefined) return { fault, ...at, entry };
    if (leadsToPage(level, entry)) {
      const physical = pageFrame(form, level, entry) + Number(virtual & (span - 1n));
      return { virtual, physical, pageSize: Number(span), entries };
    }
    table = Number(entry & form.frameMask);
  }
  throw new RangeError(`paging form ${form.name} has no level that maps a page`);
}

/** The end of the run of addresses that are not canonical, or `undefined` for one that is. */
function canonicalGapEnd(form: PagingForm, virtual: VirtualAddress): VirtualAddress | undefined {
  const wordEnd = 1n << 64n;
  if (form.virtualBits === 32) return virtual >> 32n === 0n ? undefined : wordEnd;
  const half = 1n << BigInt(form.virtualBits - 1);
  return virtual < half || virtual >= wordEnd - half ? undefined : wordEnd - half;
}

function readEntry(form: PagingForm, memory: PhysicalMemory, address: PhysicalAddress): bigint | undefined {
  const inPage = address % 4096;
  const page = memory.page((address - inPage) / 4096);
  if (page === undefined) return undefined;
  return form.entrySize === 8
    ? page.view.getBigUint64(inPage, true)
    : BigInt(page.view.getUint32(inPage, true));
}

function leadsToPage(level: PagingLevel, entry: bigint): boolean {
  return level.leadsTo === 'page' || (level.leadsTo === 'either' && (entry & PAGE_SIZE_BIT) !== 0n);
}

function faultOfEntry(level: PagingLevel, entry: bigint): PageFaultKind | undefined {
  if ((entry & PRESENT) === 0n) return 'not-present';
  const reserved = leadsToPage(level, entry) ? level.reservedInPage : level.reservedInTable;
  return (entry & reserved) === 0n ? undefined : 'reserved-bit';
}
