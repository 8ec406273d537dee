import { Decompress } from 'fzstd';
import { type KeptTables, walkSequences } from './zstd-sequences';

/** One Zstandard frame (RFC 8878), without a dictionary. */
export function decompressZstd(block: Uint8Array, into: Uint8Array): boolean {
  if (!isModestFrame(block, into.length)) return false;
  let done = 0;
  const stream = new Decompress((part) => {
    if (done + part.length <= into.length) into.set(part, done);
    done += part.length;
  });
  try {
    stream.push(block, true);
  } catch {
    // Whatever the library throws, of this block nothing can be had.
    return false;
  }
  return done === into.length;
}

const MAGIC = 0xfd2fb528;
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;
const LARGEST_WINDOW_LOG = 23;

/**
 * Whether a frame comes to no more than it should. The library trusts the window size and the sequences, and is kept
 * busy for minutes, or out of memory, by a few bytes that claim the most.
 */
function isModestFrame(block: Uint8Array, size: number): boolean {
  const start = endOfHeader(block, size);
  if (start < 0) return false;
  let total = 0;
  let compressed = 0;
  for (let at = start; at + 3 <= block.length && total <= size; ) {
    const header = littleEndian(block, at, 3);
    const kind = (header >> 1) & 3;
    const length = header >> 3;
    if (kind > COMPRESSED) return false;
    compressed += kind === COMPRESSED ? 1 : 0;
    // A compressed block has up to 128 KiB: a page is never in two of them.
    if (compressed > 1) return false;
    total += kind === COMPRESSED ? measureBlock(block.subarray(at + 3, at + 3 + length), size) : length;
    at += 3 + (kind === RLE ? 1 : length);
    if ((header & 1) === 1) return at <= block.length && total === size;
  }
  return false;
}

/** Where the first block starts (RFC 8878, 3.1.1.1), or -1 where the frame is not one of `size` bytes. */
function endOfHeader(block: Uint8Array, size: number): number {
  const descriptor = block[4] ?? 0xff;
  const single = (descriptor & 0x20) !== 0;
  const hasDictionary = (descriptor & 3) !== 0;
  if (littleEndian(block, 0, 4) !== MAGIC || (descriptor & 8) !== 0 || hasDictionary) return -1;
  if (!single && (block[5] ?? 0xff) >> 3 > LARGEST_WINDOW_LOG - 10) return -1;
  const code = descriptor >> 6;
  const sizeBytes = code === 0 ? (single ? 1 : 0) : 1 << code;
  const sizeAt = single ? 5 : 6;
  const claimed = littleEndian(block, sizeAt, sizeBytes) + (code === 1 ? 256 : 0);
  return sizeBytes > 0 && claimed !== size ? -1 : sizeAt + sizeBytes;
}

/** Bytes that a compressed block comes to (RFC 8878, 3.1.1.3); infinite where it cannot be, or is above `most`. */
export function measureBlock(block: Uint8Array, most: number, kept?: KeptTables): number {
  const { literals, end } = measureLiterals(block);
  if (literals > most) return Number.POSITIVE_INFINITY;
  const [first, second, third] = [block[end] ?? 0, block[end + 1] ?? 0, block[end + 2] ?? 0];
  if (first === 0) return literals;
  // The number of sequences is in 1, 2 or 3 bytes.
  const [width, count] =
    first < 128
      ? [1, first]
      : first < 255
        ? [2, (first - 128) * 256 + second]
        : [3, second + third * 256 + 0x7f00];
  const totals = walkSequences(block.subarray(end + width), count, most, kept);
  if (totals === undefined || totals.literals > literals) return Number.POSITIVE_INFINITY;
  return literals + totals.matched;
}

/** How many literals a block has, and where they end (RFC 8878, 3.1.1.3.1.1). */
function measureLiterals(block: Uint8Array): { literals: number; end: number } {
  const head = block[0] ?? 0;
  const kind = head & 3;
  const format = (head >> 2) & 3;
  if (kind <= RLE) {
    const header = format === 3 ? 3 : format === 1 ? 2 : 1;
    const literals = littleEndian(block, 0, header) >> (header === 1 ? 3 : 4);
    return { literals, end: header + (kind === RAW ? literals : 1) };
  }
  const header = format < 2 ? 3 : format + 2;
  const bits = format < 2 ? 10 : format === 2 ? 14 : 18;
  const packed = Math.floor(littleEndian(block, 0, header) / 16);
  const literals = packed % 2 ** bits;
  return { literals, end: header + Math.floor(packed / 2 ** bits) };
}

/** A number of up to 8 bytes, the lowest first; exact below 2^53. */
export function littleEndian(block: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = size - 1; index >= 0; index -= 1) value = value * 256 + (block[at + index] ?? 0);
  return value;
}
