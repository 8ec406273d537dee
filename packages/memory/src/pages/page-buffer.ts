import { PAGE_SIZE, type Page } from '@osi-linux/core';
import { createPage } from './page-cache';

/** Pages that are cut of one buffer: 256 KiB. */
const PER_BUFFER = 64;
/** Pages after which each has a buffer of its own: 4 MiB, the most that a few kept pages can keep with them. */
const MOST_CUT = 1024;

/**
 * Room for pages that are read one by one. The first ones are cut of larger buffers: one for each takes longer than
 * reading it does.
 */
export class PageBuffer {
  private buffer = new ArrayBuffer(0);
  private at = 0;
  private cut = 0;
  private free: Uint8Array | undefined;

  /** Bytes to fill, the same ones until they are {@link take taken}. */
  get bytes(): Uint8Array {
    this.free ??= this.cut < MOST_CUT ? this.next() : new Uint8Array(PAGE_SIZE);
    return this.free;
  }

  /** The page over the bytes, which are its own from then on. */
  take(): Page {
    const page = createPage(this.bytes);
    this.free = undefined;
    return page;
  }

  private next(): Uint8Array {
    if (this.at === this.buffer.byteLength) {
      this.buffer = new ArrayBuffer(PER_BUFFER * PAGE_SIZE);
      this.at = 0;
    }
    const bytes = new Uint8Array(this.buffer, this.at, PAGE_SIZE);
    this.at += PAGE_SIZE;
    this.cut += 1;
    return bytes;
  }
}
