/**
 * LZO1X (Linux Documentation/staging/lzo.rst): literals and matches in turn, distinguished by the first byte
 * of each instruction.
 */
export function decompressLzo(block: Uint8Array, into: Uint8Array): boolean {
  return new LzoBlock(block, into).run();
}

// The end marker is a match of 3 bytes at distance 16384, which is written as the bytes 0x11 0 0.
const END_DISTANCE = 16_384;

/** How many literals went before decides what an instruction below 16 means; 4 stands for 4 and more. */
type Literals = 0 | 1 | 2 | 3 | 4;

class LzoBlock {
  private readonly block: Uint8Array;
  private readonly into: Uint8Array;
  private at = 0;
  private done = 0;
  private before: Literals = 0;

  constructor(block: Uint8Array, into: Uint8Array) {
    this.block = block;
    this.into = into;
  }

  run(): boolean {
    if (!this.first()) return false;
    for (;;) {
      if (this.at >= this.block.length) return false;
      const instruction = this.next();
      if (instruction < 16 && this.before === 0) {
        const length = (instruction === 0 ? 15 + this.extended() : instruction) + 3;
        if (!this.literals(length, 4)) return false;
        continue;
      }
      const match = this.match(instruction);
      if (match === 'end') return this.at === this.block.length && this.done === this.into.length;
      if (!match) return false;
    }
  }

  /** The first byte of a block may be a count of literals, plus 17. */
  private first(): boolean {
    const count = (this.block[0] ?? 0) - 17;
    if (count <= 0) return true;
    this.at = 1;
    return this.literals(count, count < 4 ? (count as Literals) : 4);
  }

  private match(instruction: number): boolean | 'end' {
    if (instruction >= 64) {
      const distance = this.next() * 8 + ((instruction >> 2) & 7) + 1;
      return this.copy(distance, (instruction >> 5) + 1, instruction);
    }
    if (instruction >= 32) {
      const length = ((instruction & 31) === 0 ? 31 + this.extended() : instruction & 31) + 2;
      const low = this.next();
      const distance = this.next() * 64 + (low >> 2) + 1;
      return this.copy(distance, length, low);
    }
    if (instruction >= 16) {
      const length = ((instruction & 7) === 0 ? 7 + this.extended() : instruction & 7) + 2;
      const low = this.next();
      const distance = END_DISTANCE + ((instruction & 8) << 11) + this.next() * 64 + (low >> 2);
      if (distance === END_DISTANCE) return length === 3 ? 'end' : false;
      return this.copy(distance, length, low);
    }
    const near = this.next() * 4 + (instruction >> 2);
    return this.before === 4 ? this.copy(near + 2049, 3, instruction) : this.copy(near + 1, 2, instruction);
  }

  /** Copies a match, then the 0 to 3 literals that the low bits of `state` ask for. */
  private copy(distance: number, length: number, state: number): boolean {
    const { into, done } = this;
    if (distance > done || done + length > into.length || this.at > this.block.length) return false;
    for (let index = done; index < done + length; index += 1) into[index] = into[index - distance] ?? 0;
    this.done += length;
    const count = (state & 3) as Literals;
    return this.literals(count, count);
  }

  private literals(count: number, before: Literals): boolean {
    const { at, done } = this;
    if (at + count > this.block.length || done + count > this.into.length) return false;
    this.into.set(this.block.subarray(at, at + count), done);
    this.at += count;
    this.done += count;
    this.before = before;
    return true;
  }

  /** A length that goes on: 255 for each zero byte, and the first other one. */
  private extended(): number {
    let length = 0;
    while (this.at < this.block.length && this.block[this.at] === 0) {
      this.at += 1;
      length += 255;
    }
    return length + this.next();
  }

  private next(): number {
    const byte = this.block[this.at] ?? 0;
    this.at += 1;
    return byte;
  }
}
