import type { ByteSource } from './byte-source';
import { readAt } from './read-at';

/** Bytes of a block. */
export const CACHE_BLOCK_SIZE = 4096;

// Two generations of 128 blocks: 1 MiB at most.
const GENERATION = 128;

/** The last used blocks of a part of a source, for tables that are read all over, a few bytes at a time. */
export class BlockCache {
  private readonly source: ByteSource;
  private readonly start: number;
  private young = new Map<number, Uint8Array>();
  private old = new Map<number, Uint8Array>();

  /** Blocks are counted from `start`, a position of the source. */
  constructor(source: ByteSource, start: number) {
    this.source = source;
    this.start = start;
  }

  /** A block, shorter where the source ends. */
  block(index: number): Uint8Array {
    const kept = this.young.get(index) ?? this.old.get(index);
    const block = kept ?? readAt(this.source, this.start + index * CACHE_BLOCK_SIZE, CACHE_BLOCK_SIZE);
    if (this.young.size >= GENERATION && !this.young.has(index)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(index, block);
    return block;
  }

  /** Bytes at a position counted from `start`, fewer where the source ends. */
  bytes(position: number, length: number): Uint8Array {
    const index = Math.floor(position / CACHE_BLOCK_SIZE);
    const from = position - index * CACHE_BLOCK_SIZE;
    const head = this.block(index).subarray(from, from + length);
    if (head.length === length || from + head.length < CACHE_BLOCK_SIZE) return head;
    const joined = new Uint8Array(length);
    joined.set(head);
    const tail = this.block(index + 1).subarray(0, length - head.length);
    joined.set(tail, head.length);
    return joined.subarray(0, head.length + tail.length);
  }
}
