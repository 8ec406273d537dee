import { PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import { BlockCache, CACHE_BLOCK_SIZE } from '../sources/block-cache';
import type { ByteSource } from '../sources/byte-source';

// Bits of a block, and of the pieces whose ranks are kept.
const BLOCK_BITS = CACHE_BLOCK_SIZE * 8;
const PIECE_BYTES = 512;
const PIECE_BITS = PIECE_BYTES * 8;

/** Runs of frames beyond this many are put together, the closest first. */
const MOST_RUNS = 65_536;

/** Frames from `start` up to, not including, `end`. */
export interface FrameSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * A bitmap of page frames that stays in the file: bit 0 of byte 0 is frame 0. Bits that the file does not hold are 0.
 *
 * Ranks are summed up once, when the first one is asked for: 8 bytes for each 4,096 frames.
 */
export class FrameBitmap {
  /** No frame from this one on has its bit set. */
  readonly frames: number;
  private readonly cache: BlockCache;
  private sums: Float64Array | undefined;
  private sound = 0;

  constructor(source: ByteSource, position: number, frames: number) {
    this.cache = new BlockCache(source, position);
    this.frames = Math.min(frames, Math.max(0, source.size - position) * 8);
  }

  has(frame: number): boolean {
    if (frame < 0 || frame >= this.frames) return false;
    const block = this.cache.block(Math.floor(frame / BLOCK_BITS));
    const bit = frame % BLOCK_BITS;
    return (((block[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
  }

  /** Whether the bits of this frame and of all before it are in the file, so that its rank can be believed. */
  isSound(frame: number): boolean {
    this.sums ??= this.sumPieces();
    return frame < this.sound;
  }

  /** How many frames below this one have their bit set. */
  rank(frame: number): number {
    this.sums ??= this.sumPieces();
    const within = Math.min(frame, this.frames);
    const piece = Math.floor(within / PIECE_BITS);
    const rest = within - piece * PIECE_BITS;
    const bytes = this.pieceBytes(piece);
    const whole = rest >> 3;
    const last = (bytes[whole] ?? 0) & ((1 << (rest & 7)) - 1);
    return (this.sums[piece] ?? 0) + countBits(bytes, whole) + bitsOfByte(last);
  }

  /** The runs of set bits inside a span, as bytes of physical memory. */
  ranges(span: FrameSpan): PhysicalRange[] {
    const runs = new RunList();
    const end = Math.min(span.end, this.frames);
    for (let at = span.start; at < end; ) {
      const block = this.cache.block(Math.floor(at / BLOCK_BITS));
      const blockEnd = Math.min(end, (Math.floor(at / BLOCK_BITS) + 1) * BLOCK_BITS);
      at = addRuns(runs, block, at, blockEnd);
    }
    return runs.ranges();
  }

  private sumPieces(): Float64Array {
    const pieces = Math.floor(this.frames / PIECE_BITS) + 1;
    const sums = new Float64Array(pieces);
    let sum = 0;
    let there = 0;
    for (let piece = 0; piece < pieces; piece += 1) {
      sums[piece] = sum;
      const bytes = this.pieceBytes(piece);
      sum += countBits(bytes, bytes.length);
      // A flattened file that is cut off may lack bytes in the middle.
      if (there === piece * PIECE_BITS) there += bytes.length * 8;
    }
    this.sound = Math.min(there, this.frames);
    return sums;
  }

  private pieceBytes(piece: number): Uint8Array {
    return this.cache.bytes(piece * PIECE_BYTES, PIECE_BYTES);
  }
}

/** Adds the set bits of a block from a frame on; returns the first frame that was not looked at. */
function addRuns(runs: RunList, block: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; ) {
    const bit = at % BLOCK_BITS;
    const byte = block[bit >> 3] ?? 0;
    const uniform = (bit & 7) === 0 && end - at >= 8 && (byte === 0 || byte === 0xff);
    const step = uniform ? 8 : 1;
    if (((byte >> (bit & 7)) & 1) === 1) runs.add(at, at + step);
    at += step;
  }
  return end;
}

/** A bounded number of runs of frames, in ascending order. */
class RunList {
  private runs: { start: number; end: number }[] = [];
  private gap = 0;

  add(start: number, end: number): void {
    const last = this.runs[this.runs.length - 1];
    if (last !== undefined && start - last.end <= this.gap) last.end = end;
    else this.runs.push({ start, end });
    while (this.runs.length > MOST_RUNS) this.widen();
  }

  ranges(): PhysicalRange[] {
    return this.runs.map(({ start, end }) => ({ start: start * PAGE_SIZE, end: end * PAGE_SIZE }));
  }

  private widen(): void {
    this.gap = this.gap * 2 + 1;
    const { runs } = this;
    this.runs = [];
    for (const { start, end } of runs) {
      const last = this.runs[this.runs.length - 1];
      if (last !== undefined && start - last.end <= this.gap) last.end = end;
      else this.runs.push({ start, end });
    }
  }
}

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
});

function bitsOfByte(byte: number): number {
  return BITS[byte] ?? 0;
}

function countBits(bytes: Uint8Array, length: number): number {
  let count = 0;
  for (let at = 0; at < length; at += 1) count += BITS[bytes[at] ?? 0] ?? 0;
  return count;
}
