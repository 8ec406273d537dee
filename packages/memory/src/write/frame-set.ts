import { PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';

/** Frames of one block of bits. Scattered pages cost a block each, so it is small. */
const BLOCK_FRAMES = 1024;

/**
 * A set of page frames, a bit for each.
 *
 * @example
 * ```ts
 * const frames = new FrameSet();
 * for (const frame of [3, 1, 2, 9]) frames.add(frame);
 * frames.size // => 4
 * [...frames] // => [1, 2, 3, 9]
 * [...frames.runs()] // => [{ start: 0x1000, end: 0x4000 }, { start: 0x9000, end: 0xa000 }]
 * ```
 */
export class FrameSet {
  private readonly blocks = new Map<number, Uint8Array>();
  private count = 0;

  /** How many frames it has. */
  get size(): number {
    return this.count;
  }

  /** Takes a frame number in; it may be there already. */
  add(frame: number): void {
    const number = Math.floor(frame / BLOCK_FRAMES);
    let block = this.blocks.get(number);
    if (block === undefined) {
      block = new Uint8Array(BLOCK_FRAMES / 8);
      this.blocks.set(number, block);
    }
    const index = frame % BLOCK_FRAMES;
    const byte = block[index >> 3] as number;
    const bit = 1 << (index & 7);
    if ((byte & bit) !== 0) return;
    block[index >> 3] = byte | bit;
    this.count += 1;
  }

  /** The frame numbers, ascending. */
  *[Symbol.iterator](): Generator<number> {
    const numbers = Float64Array.from(this.blocks.keys()).sort();
    for (const number of numbers) {
      const block = this.blocks.get(number) as Uint8Array;
      for (let index = 0; index < BLOCK_FRAMES; index += 1) {
        if (((block[index >> 3] as number) & (1 << (index & 7))) !== 0) yield number * BLOCK_FRAMES + index;
      }
    }
  }

  /** The runs of neighbouring frames, ascending, in bytes. */
  *runs(): Generator<PhysicalRange> {
    let start: number | undefined;
    let end = 0;
    for (const frame of this) {
      if (start !== undefined && frame !== end) {
        yield { start: start * PAGE_SIZE, end: end * PAGE_SIZE };
        start = undefined;
      }
      start ??= frame;
      end = frame + 1;
    }
    if (start !== undefined) yield { start: start * PAGE_SIZE, end: end * PAGE_SIZE };
  }
}
