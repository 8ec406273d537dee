import { PAGE_SIZE, type Page } from '@osi-linux/core';

const DEFAULT_BYTES = 64 * 1024 * 1024;
/** Slots in front of the maps, which cost several times as much to ask. */
const FRONT_SLOTS = 4096;
/** Equal to no frame, itself included. */
const NO_FRAME = Number.NaN;

/**
 * A bounded cache of pages by frame number, in front of a slower `load`.
 *
 * Two generations: a full young one becomes the old one, and a page of the old one is carried over when it is
 * asked for. A page that was let go stays valid for those who hold it. Holes are not kept.
 *
 * @example
 * ```ts
 * let loads = 0;
 * const cache = new PageCache(() => { loads += 1; return createPage(new Uint8Array(4096)); });
 * cache.page(7) === cache.page(7) // => true
 * loads // => 1
 * ```
 */
export class PageCache {
  private readonly load: (frame: number) => Page | undefined;
  private readonly generationPages: number;
  private young = new Map<number, Page>();
  private old = new Map<number, Page>();
  /** Pages of the young generation by the low bits of their frame. */
  private readonly frontFrames = new Float64Array(FRONT_SLOTS).fill(NO_FRAME);
  private readonly frontPages: (Page | undefined)[] = new Array(FRONT_SLOTS).fill(undefined);

  /** `bytes` bounds the size of the cache, 64 MiB unless given. */
  constructor(load: (frame: number) => Page | undefined, bytes: number = DEFAULT_BYTES) {
    this.load = load;
    this.generationPages = Math.max(1, Math.floor(bytes / PAGE_SIZE / 2));
  }

  /** How many pages are held. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  /** The page of a frame, loaded where it is not held; `undefined` where `load` has none. */
  page(frame: number): Page | undefined {
    const slot = frame & (FRONT_SLOTS - 1);
    if (this.frontFrames[slot] === frame) return this.frontPages[slot];
    const page = this.young.get(frame) ?? this.miss(frame);
    if (page === undefined) return undefined;
    this.frontFrames[slot] = frame;
    this.frontPages[slot] = page;
    return page;
  }

  /** Lets go of all pages. */
  clear(): void {
    this.young = new Map();
    this.old = new Map();
    this.emptyFront();
  }

  private miss(frame: number): Page | undefined {
    const kept = this.old.get(frame);
    const page = kept ?? this.load(frame);
    if (page === undefined) return undefined;
    if (kept !== undefined) this.old.delete(frame);
    if (this.young.size >= this.generationPages) {
      this.old = this.young;
      this.young = new Map();
      this.emptyFront();
    }
    this.young.set(frame, page);
    return page;
  }

  /** The pages in front are held by the young generation, so that the bound holds. */
  private emptyFront(): void {
    this.frontFrames.fill(NO_FRAME);
    this.frontPages.fill(undefined);
  }
}

/**
 * A page over 4096 bytes, which are not copied.
 *
 * @example
 * ```ts
 * createPage(Uint8Array.of(1, 2)).view.getUint16(0, true) // => 0x201
 * ```
 */
export function createPage(bytes: Uint8Array): Page {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
