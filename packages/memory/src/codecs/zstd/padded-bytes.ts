/** Most bytes of a block, packed or not (RFC 8878, 3.1.1.2.3). */
export const LARGEST_BLOCK = 128 * 1024;

// A sequence and the next three states take up to 89 bits, which a damaged block reads from before its start.
const PAD = 16;

/** A block with zeros around it, so that four bytes can be read at each bit of it, and a little before and behind. */
export class PaddedBytes {
  readonly bytes = new Uint8Array(PAD + LARGEST_BLOCK + PAD);
  readonly view = new DataView(this.bytes.buffer);
  /** Index of the first byte of the block. */
  readonly start = PAD;
  /** Index behind the last one. */
  end = PAD;

  /** Takes a block of at most `LARGEST_BLOCK` bytes in the place of the one before. */
  load(block: Uint8Array): void {
    this.end = PAD + block.length;
    this.bytes.set(block, PAD);
    this.bytes.fill(0, this.end, this.end + PAD);
  }
}

/** Up to 25 bits; `at` is the index of the lowest one. */
export function bitsAt(view: DataView, at: number, count: number): number {
  return (view.getInt32(at >> 3, true) >>> (at & 7)) & ((1 << count) - 1);
}

/** Up to 32 bits. */
export function wideBitsAt(view: DataView, at: number, count: number): number {
  if (count <= 25) return bitsAt(view, at, count);
  return bitsAt(view, at, 16) + bitsAt(view, at + 16, count - 16) * 65_536;
}

/**
 * Index of the bit that marks the end of a stream which is read backwards: the highest one that is set in its last byte
 * (RFC 8878, 4.1). -1 where none is set.
 */
export function endMark({ bytes }: PaddedBytes, start: number, end: number): number {
  const last = end > start ? (bytes[end - 1] ?? 0) : 0;
  return last === 0 ? -1 : end * 8 - 1 - (Math.clz32(last) - 24);
}

/** A number of up to 8 bytes, the lowest first; exact below 2^53. */
export function littleEndian(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = size - 1; index >= 0; index -= 1) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}
