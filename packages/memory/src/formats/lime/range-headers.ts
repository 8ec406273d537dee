import { formatAddress, type PhysicalAddress } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';

/** Bytes of the header before each range of a LiME or AVML dump. */
export const RANGE_HEADER_SIZE = 32;

/** The 32 bytes before the memory of a range: LiME's `lime_mem_range_header`, which AVML shares. */
export interface RangeHeader {
  readonly start: PhysicalAddress;
  /** First byte after the range; the file has the last byte of it. */
  readonly end: PhysicalAddress;
}

/** The signature of a format: the first four bytes, as a little-endian number, and the version after them. */
export interface RangeMagic {
  readonly magic: number;
  readonly version: number;
}

const PHYSICAL_END = 2 ** 52;

/** The header at a position, or its fault as text. */
export function readRangeHeader(
  source: ByteSource,
  position: number,
  { magic, version }: RangeMagic,
): RangeHeader | string {
  const bytes = readAt(source, position, RANGE_HEADER_SIZE);
  if (bytes.length < RANGE_HEADER_SIZE) return `the file ends ${bytes.length} bytes into it`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  if (word(0) !== magic) return `magic ${formatAddress(word(0))}, expected ${formatAddress(magic)}`;
  if (word(4) !== version) return `version ${word(4)}, expected ${version}`;
  const start = word(8) + word(12) * 2 ** 32;
  const last = word(16) + word(20) * 2 ** 32;
  if (last < start || last >= PHYSICAL_END) {
    return `a range from ${formatAddress(start)} to ${formatAddress(last)}`;
  }
  return { start, end: last + 1 };
}

/** Whether a source begins as dumps of ranges do. */
export function hasRangeMagic(source: ByteSource, { magic }: RangeMagic): boolean {
  const head = readAt(source, 0, 4);
  if (head.length < 4) return false;
  return new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true) === magic;
}
