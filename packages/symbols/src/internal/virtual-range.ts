import {
  type OsiError,
  offsetAddress,
  PAGE_SIZE,
  type PhysicalMemory,
  type VirtualAddress,
} from '@osi-linux/core';
import type { AddressSpace } from '@osi-linux/x86-mmu';

/** A part of a {@link VirtualRange} that is missing, in bytes from its start. */
export interface RangeHole {
  readonly start: number;
  readonly end: number;
  readonly reason: OsiError;
}

/** A piece of virtual memory that was copied in a few large reads; zero where a hole is named. */
export interface VirtualRange {
  readonly address: VirtualAddress;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Ascending; neighbours are put together. */
  readonly holes: readonly RangeHole[];
}

/** What is read through: page tables, and the memory that they and the pages are in. */
export interface RangeSource {
  readonly memory: PhysicalMemory;
  readonly tables: AddressSpace;
}

const LARGE_PAGE = 2 * 1024 * 1024;
/** From so many bytes on, a walk that tells how large the page is costs less than one translation for each 4 KiB. */
const WORTH_A_WALK = 32 * 1024;

/** Copies `length` bytes, which the caller bounds, past the page cache. Pages that follow each other are one read. */
export function readVirtualRange(source: RangeSource, address: VirtualAddress, length: number): VirtualRange {
  return readVirtualInto(source, address, new Uint8Array(length));
}

/** The same into bytes that the caller has, for many reads in a row: fresh memory costs more than the copy. */
export function readVirtualInto(
  { memory, tables }: RangeSource,
  address: VirtualAddress,
  bytes: Uint8Array,
): VirtualRange {
  const { length } = bytes;
  const holes: RangeHole[] = [];
  for (let done = 0; done < length; ) {
    const { physical, size } = runAt(tables, offsetAddress(address, done), length - done);
    const want = bytes.subarray(done, Math.min(length, done + size));
    const count = physical === undefined ? 0 : memory.scan(physical, want);
    done += count;
    if (count < want.length) {
      const at = offsetAddress(address, done);
      const missing = Math.min(length - done, PAGE_SIZE - Number(at & BigInt(PAGE_SIZE - 1)));
      bytes.fill(0, done, done + missing);
      addHole(holes, done, done + missing, () => tables.fault(at));
      done += missing;
    }
  }
  return { address, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, length), holes };
}

/** Memory from an address on that is contiguous in the guest's physical memory too. */
function runAt(
  tables: AddressSpace,
  address: VirtualAddress,
  length: number,
): { physical: number | undefined; size: number } {
  const physical = tables.translate(address);
  if (physical === undefined) return { physical, size: 1 };
  const inLarge = Number(address & BigInt(LARGE_PAGE - 1));
  if (length > WORTH_A_WALK) {
    const step = tables.walk(address);
    if (step.fault === undefined && step.pageSize >= LARGE_PAGE)
      return { physical, size: LARGE_PAGE - inLarge };
  }
  let size = Math.min(length, PAGE_SIZE - (physical % PAGE_SIZE));
  // Up to the next large page, where the way is shorter.
  const end = Math.min(length, LARGE_PAGE - inLarge);
  while (size < end && tables.translate(offsetAddress(address, size)) === physical + size) {
    size = Math.min(end, size + PAGE_SIZE);
  }
  return { physical, size };
}

function addHole(holes: RangeHole[], start: number, end: number, reason: () => OsiError): void {
  const last = holes[holes.length - 1];
  if (last !== undefined && last.end === start) holes[holes.length - 1] = { ...last, end };
  else holes.push({ start, end, reason: reason() });
}

/** The first hole that a stretch of a range touches. */
export function holeIn(range: VirtualRange, start: number, end: number): RangeHole | undefined {
  if (range.holes.length === 0) return undefined;
  return range.holes.find((hole) => hole.start < end && hole.end > start);
}
