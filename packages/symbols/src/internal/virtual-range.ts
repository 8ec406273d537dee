import type { Architecture, OsiError, VirtualAddress } from '@osi-linux/core';

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

/**
 * Virtual memory to copy large pieces from: that of a guest through its page tables, or a kernel's image in a
 * file.
 */
export interface RangeSource {
  readonly architecture: Architecture;
  /** Fills bytes that the caller has: in a run of reads fresh memory would cost more than the copy. */
  readInto(address: VirtualAddress, bytes: Uint8Array): VirtualRange;
  isMapped(address: VirtualAddress): boolean;
  /**
   * The use of the first or the last page of a stretch: if neither may be executed, or one may not, it is
   * data.
   */
  kindOf(address: VirtualAddress, length: number): 'code' | 'data' | undefined;
}

/** Copies `length` bytes, which the caller bounds, past the page cache. */
export function readVirtualRange(source: RangeSource, address: VirtualAddress, length: number): VirtualRange {
  return source.readInto(address, new Uint8Array(length));
}

/** A range of bytes that were filled, with the list of the missing ones. */
export function rangeOf(
  address: VirtualAddress,
  bytes: Uint8Array,
  holes: readonly RangeHole[],
): VirtualRange {
  return { address, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), holes };
}

/** The first hole that a stretch of a range touches. */
export function holeIn(range: VirtualRange, start: number, end: number): RangeHole | undefined {
  if (range.holes.length === 0) return undefined;
  return range.holes.find((hole) => hole.start < end && hole.end > start);
}
