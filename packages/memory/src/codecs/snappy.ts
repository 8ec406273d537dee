/**
 * Snappy's block format (google/snappy, format_description.txt): the length as a varint, then literals and copies.
 *
 * snappyjs does not compare its output with the length, and never ends where a literal's length has its top
 * bit set.
 */
export function decompressSnappy(block: Uint8Array, into: Uint8Array): boolean {
  const start = skipLength(block, into.length);
  return start > 0 && new SnappyBlock(block, into).run(start);
}

/** Where the elements start, or -1 where the length is not the expected one. */
function skipLength(block: Uint8Array, expected: number): number {
  let length = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = block[at];
    if (byte === undefined) return -1;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return length === expected ? at + 1 : -1;
  }
  return -1;
}

const LITERAL = 0;
// A literal of more than 60 bytes has its length in the 1 to 4 bytes after the tag.
const LONGEST_IN_TAG = 60;

class SnappyBlock {
  private readonly block: Uint8Array;
  private readonly into: Uint8Array;
  private at = 0;
  private done = 0;

  constructor(block: Uint8Array, into: Uint8Array) {
    this.block = block;
    this.into = into;
  }

  run(start: number): boolean {
    this.at = start;
    while (this.at < this.block.length) {
      const tag = this.next(1);
      const whole = (tag & 3) === LITERAL ? this.literal(tag) : this.copy(tag);
      if (!whole) return false;
    }
    return this.done === this.into.length;
  }

  private literal(tag: number): boolean {
    const short = (tag >> 2) + 1;
    const length = short <= LONGEST_IN_TAG ? short : this.next(short - LONGEST_IN_TAG) + 1;
    const { at, done } = this;
    if (at + length > this.block.length || done + length > this.into.length) return false;
    this.into.set(this.block.subarray(at, at + length), done);
    this.at += length;
    this.done += length;
    return true;
  }

  /** Copies have their distance in 3 bits of the tag and 1 byte, in 2 bytes, or in 4. */
  private copy(tag: number): boolean {
    const kind = tag & 3;
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance = kind === 1 ? (tag >> 5) * 256 + this.next(1) : this.next(kind === 2 ? 2 : 4);
    const { into, done } = this;
    if (distance === 0 || distance > done || done + length > into.length) return false;
    if (this.at > this.block.length) return false;
    for (let index = done; index < done + length; index += 1) into[index] = into[index - distance] ?? 0;
    this.done += length;
    return true;
  }

  private next(size: number): number {
    let value = 0;
    for (let index = size - 1; index >= 0; index -= 1)
      value = value * 256 + (this.block[this.at + index] ?? 0);
    this.at += size;
    return value;
  }
}
