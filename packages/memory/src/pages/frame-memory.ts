import {
  OsiError,
  PAGE_SIZE,
  type Page,
  type PhysicalAddress,
  type PhysicalMemory,
  type PhysicalRange,
} from '@osi-linux/core';
import { PageBuffer } from './page-buffer';
import { PageCache } from './page-cache';

/** Where single pages come from, for formats whose pages are compressed or scattered. */
export interface FrameStore {
  /** The pages that are there; asked for once, when somebody wants it. */
  readonly ranges: readonly PhysicalRange[];
  /**
   * Fills `into` (4096 bytes) with the page of a frame; false if the page is missing, and `into` is then
   * undefined.
   */
  load(frame: number, into: Uint8Array): boolean;
  /** Why a page is missing; called only if {@link load} returned false. */
  hole(frame: number): OsiError;
}

/** Physical memory over a store of single pages: caches them, and scans past the cache. */
export class FrameMemory implements PhysicalMemory {
  private readonly store: FrameStore;
  private readonly cache: PageCache;
  private readonly buffer = new PageBuffer();
  private readonly scratch = new Uint8Array(PAGE_SIZE);
  private known: readonly PhysicalRange[] | undefined;

  constructor(store: FrameStore) {
    this.store = store;
    this.cache = new PageCache((frame) => this.load(frame));
  }

  get ranges(): readonly PhysicalRange[] {
    this.known ??= this.store.ranges;
    return this.known;
  }

  page(frame: number): Page | undefined {
    return this.cache.page(frame);
  }

  scan(address: PhysicalAddress, into: Uint8Array): number {
    for (let done = 0; done < into.length; ) {
      const frame = Math.floor((address + done) / PAGE_SIZE);
      const inPage = address + done - frame * PAGE_SIZE;
      const step = Math.min(into.length - done, PAGE_SIZE - inPage);
      const whole = step === PAGE_SIZE;
      const page = whole ? into.subarray(done, done + step) : this.scratch;
      if (!isFrame(frame) || !this.store.load(frame, page)) return done;
      if (!whole) into.set(page.subarray(inPage, inPage + step), done);
      done += step;
    }
    return into.length;
  }

  hole(frame: number): OsiError {
    if (!isFrame(frame) || !this.store.load(frame, this.scratch)) return this.store.hole(frame);
    const address = frame * PAGE_SIZE;
    return new OsiError('PAGE_PRESENT', `no hole: physical 0x${address.toString(16)} is in the dump`, {
      hint: 'read the page',
      fields: { physicalAddress: address },
    });
  }

  private load(frame: number): Page | undefined {
    if (!isFrame(frame)) return undefined;
    return this.store.load(frame, this.buffer.bytes) ? this.buffer.take() : undefined;
  }
}

// Frames of physical addresses up to 2^52, which is all that x86 can have.
function isFrame(frame: number): boolean {
  return Number.isInteger(frame) && frame >= 0 && frame < 2 ** 40;
}
