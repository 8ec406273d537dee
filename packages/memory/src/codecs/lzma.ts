import { EVEN, type RangeDecoder } from './range-decoder';

/** The three numbers that say how literals and positions are modelled. */
export interface LzmaProperties {
  /** How many high bits of the byte before choose the model of a literal. */
  readonly literalContext: number;
  /** How many low bits of the position do. */
  readonly literalPosition: number;
  /** How many low bits of the position choose the models of matches. */
  readonly position: number;
}

/** States of the last few packets: literals below 7. */
const STATES = 12;
const POSITIONS = 16;
const SHORTEST = 2;
const LITERAL_CODES = 0x300;
/** From this slot on the low bits of a distance have no model of their own, and from the next on most have none. */
const FIRST_LONG_SLOT = 4;
const FIRST_DIRECT_SLOT = 14;
const ALIGN_BITS = 4;

/** Lengths of matches: 2 to 9, 10 to 17, 18 to 273. */
class LengthModel {
  private readonly choice = new Uint16Array(2).fill(EVEN);
  private readonly low = new Uint16Array(POSITIONS * 8).fill(EVEN);
  private readonly middle = new Uint16Array(POSITIONS * 8).fill(EVEN);
  private readonly high = new Uint16Array(256).fill(EVEN);

  read(input: RangeDecoder, position: number): number {
    if (input.bit(this.choice, 0) === 0) return SHORTEST + input.tree(this.low, position * 8, 3);
    if (input.bit(this.choice, 1) === 0) return SHORTEST + 8 + input.tree(this.middle, position * 8, 3);
    return SHORTEST + 16 + input.tree(this.high, 0, 8);
  }
}

const table = (size: number): Uint16Array => new Uint16Array(size).fill(EVEN);

/** The models of one run of LZMA (XZ Utils and the LZMA SDK describe them); a state reset sets them anew. */
export class LzmaModel {
  private readonly isMatch = table(STATES * POSITIONS);
  private readonly isRepeat = table(STATES);
  private readonly isOlder = table(STATES);
  private readonly isOlderStill = table(STATES);
  private readonly isOldest = table(STATES);
  private readonly isLong = table(STATES * POSITIONS);
  private readonly slots = table(4 * 64);
  private readonly middleBits = table(128);
  private readonly lowBits = table(1 << ALIGN_BITS);
  private readonly lengths = new LengthModel();
  private readonly repeatLengths = new LengthModel();
  private readonly literals: Uint16Array;
  private readonly properties: LzmaProperties;
  private readonly distances = [0, 0, 0, 0];
  private state = 0;

  constructor(properties: LzmaProperties) {
    this.properties = properties;
    this.literals = table(LITERAL_CODES << (properties.literalContext + properties.literalPosition));
  }

  /**
   * Fills `out` from `at` to `end` exactly; bytes from `start` on may be copied. Returns false if that is
   * impossible.
   */
  decode(input: RangeDecoder, out: Uint8Array, start: number, at: number, end: number): boolean {
    const mask = (1 << this.properties.position) - 1;
    for (let to = at; to < end; ) {
      const position = (to - start) & mask;
      if (input.bit(this.isMatch, this.state * POSITIONS + position) === 0) {
        out[to] = this.literal(input, out, start, to);
        to += 1;
        continue;
      }
      const length = this.match(input, position);
      const from = to - (this.distances[0] as number) - 1;
      if (from < start || to + length > end) return false;
      for (let index = 0; index < length; index += 1) out[to + index] = out[from + index] as number;
      to += length;
    }
    return true;
  }

  /**
   * A byte; behind a match it is coded by its difference from the one that a longer match would have copied.
   */
  private literal(input: RangeDecoder, out: Uint8Array, start: number, to: number): number {
    const { literalContext, literalPosition } = this.properties;
    const before = to > start ? (out[to - 1] as number) : 0;
    const low = (to - start) & ((1 << literalPosition) - 1);
    const model = LITERAL_CODES * ((low << literalContext) | (before >> (8 - literalContext)));
    let node = 1;
    if (this.state >= 7) {
      let other = out[to - (this.distances[0] as number) - 1] ?? 0;
      while (node < 0x100) {
        const expected = (other >> 7) & 1;
        other <<= 1;
        const bit = input.bit(this.literals, model + ((1 + expected) << 8) + node);
        node = (node << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (node < 0x100) node = (node << 1) | input.bit(this.literals, model + node);
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
    return node & 0xff;
  }

  /** The length of a match, whose distance then is the first of the four that are remembered. */
  private match(input: RangeDecoder, position: number): number {
    const { state } = this;
    const afterLiteral = state < 7;
    if (input.bit(this.isRepeat, state) === 0) {
      const length = this.lengths.read(input, position);
      this.remember(3, this.distance(input, length));
      this.state = afterLiteral ? 7 : 10;
      return length;
    }
    if (input.bit(this.isOlder, state) === 0) {
      if (input.bit(this.isLong, state * POSITIONS + position) === 0) {
        this.state = afterLiteral ? 9 : 11;
        return 1;
      }
    } else {
      const index =
        input.bit(this.isOlderStill, state) === 0 ? 1 : input.bit(this.isOldest, state) === 0 ? 2 : 3;
      this.remember(index, this.distances[index] as number);
    }
    this.state = afterLiteral ? 8 : 11;
    return this.repeatLengths.read(input, position);
  }

  /** Puts a distance in front of the others; the one at `index` is dropped. */
  private remember(index: number, distance: number): void {
    const { distances } = this;
    for (let at = index; at > 0; at -= 1) distances[at] = distances[at - 1] as number;
    distances[0] = distance;
  }

  private distance(input: RangeDecoder, length: number): number {
    const slot = input.tree(this.slots, Math.min(length - SHORTEST, 3) * 64, 6);
    if (slot < FIRST_LONG_SLOT) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < FIRST_DIRECT_SLOT) return base + input.reverseTree(this.middleBits, base - slot, bits);
    const high = input.direct(bits - ALIGN_BITS) * (1 << ALIGN_BITS);
    return base + high + input.reverseTree(this.lowBits, 0, ALIGN_BITS);
  }
}
