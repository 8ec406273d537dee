const TOP = 0x1000000;
const BITS = 11;
const ADAPTION = 5;
/** The initial value of every probability: one half. */
export const EVEN = 1 << (BITS - 1);

/** The range coder of LZMA: bits by adaptive probabilities, each in a `Uint16Array` of the caller's. */
export class RangeDecoder {
  private readonly bytes: Uint8Array;
  private at = 0;
  private end = 0;
  private range = 0;
  private code = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Begins with a piece of the input; false where it cannot begin so. */
  start(at: number, end: number): boolean {
    if (end - at < 5 || this.bytes[at] !== 0) return false;
    this.at = at + 1;
    this.end = end;
    this.range = 0xffffffff;
    this.code = 0;
    for (let count = 0; count < 4; count += 1) this.code = (this.code * 256 + this.next()) >>> 0;
    return true;
  }

  /** Whether the piece was used up to its end, and not beyond. */
  get isDone(): boolean {
    if (this.range < TOP) this.refill();
    return this.at === this.end && this.code === 0;
  }

  bit(probabilities: Uint16Array, index: number): number {
    if (this.range < TOP) this.refill();
    const probability = probabilities[index] as number;
    const bound = (this.range >>> BITS) * probability;
    if (this.code < bound) {
      this.range = bound;
      probabilities[index] = probability + (((1 << BITS) - probability) >> ADAPTION);
      return 0;
    }
    this.range -= bound;
    this.code -= bound;
    probabilities[index] = probability - (probability >> ADAPTION);
    return 1;
  }

  /** Bits by a tree of probabilities, the highest first. */
  tree(probabilities: Uint16Array, offset: number, bits: number): number {
    let node = 1;
    for (let left = bits; left > 0; left -= 1) node = (node << 1) | this.bit(probabilities, offset + node);
    return node - (1 << bits);
  }

  /** The same, the lowest bit first. */
  reverseTree(probabilities: Uint16Array, offset: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let index = 0; index < bits; index += 1) {
      const bit = this.bit(probabilities, offset + node);
      node = (node << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  /** Bits that are as likely 0 as 1, the highest first. */
  direct(bits: number): number {
    let value = 0;
    for (let left = bits; left > 0; left -= 1) {
      if (this.range < TOP) this.refill();
      this.range = this.range >>> 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit === 1) this.code -= this.range;
      value = value * 2 + bit;
    }
    return value;
  }

  private refill(): void {
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.next()) >>> 0;
  }

  /** Behind the end there are zeros, and {@link isDone} stays false. */
  private next(): number {
    const at = this.at++;
    return at < this.end ? (this.bytes[at] as number) : 0;
  }
}
