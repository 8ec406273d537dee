import { PAGE_SIZE } from '@osi-linux/core';
import { PageIndex } from './page-index';

/** How the bytes of a page lie in the stream. */
export const PAGE_KIND = { plain: 1, zlib: 2, delta: 3 } as const;

/** The form of a page in the stream. */
export interface SentPage {
  readonly kind: (typeof PAGE_KIND)[keyof typeof PAGE_KIND];
  /** File position of its bytes. */
  readonly position: number;
}

/** Pages at fixed places of the file (mapped-ram); those whose bit is clear are zero. */
export interface MappedPages {
  readonly bitmap: Uint8Array;
  /** File position of the first page. */
  readonly position: number;
}

// The shortest record of a page: 8 bytes of address and flags, and the byte that it is filled with.
const SHORTEST_RECORD = 9;
// 8 MiB of index, which a small file of a large guest may need although it cannot hold all pages.
const LEAST_PAGES = 2 ** 20;

/** How many pages an index may hold: as many as the file can hold. */
export class IndexBudget {
  private pages: number;

  constructor(fileSize: number) {
    this.pages = Math.max(LEAST_PAGES, Math.ceil(fileSize / SHORTEST_RECORD));
  }

  /** At most `pages`, which are then spent. */
  take(pages: number): number {
    const taken = Math.min(pages, this.pages);
    this.pages -= taken;
    return taken;
  }
}

/** A block of guest RAM, and where the stream has its pages: at most 8 bytes of index a page. */
export class RamBlock {
  readonly name: string;
  /** Bytes. */
  readonly length: number;
  readonly pages: number;
  mapped: MappedPages | undefined;
  // 0: not sent; below 0: filled with the byte -1 - n; else 4 * position + kind.
  private index = new PageIndex(0);

  constructor(name: string, length: number) {
    this.name = name;
    this.length = length;
    this.pages = Math.floor(length / PAGE_SIZE);
  }

  /** From now on pages are remembered; returns how many of them the index can hold. */
  keep(budget: IndexBudget): number {
    this.index = new PageIndex(budget.take(this.pages));
    return this.index.length;
  }

  /** A page that is one byte all over. */
  fill(page: number, byte: number): void {
    this.index.set(page, -1 - byte);
  }

  put(page: number, kind: SentPage['kind'], position: number): void {
    this.index.set(page, position * 4 + kind);
  }

  /** How many pages there is knowledge of; those beyond are not there. */
  get known(): number {
    return this.mapped !== undefined ? this.pages : this.index.length;
  }

  /** Whether the stream has something of a page. */
  has(page: number): boolean {
    return this.mapped !== undefined ? page < this.pages : this.index.get(page) !== 0;
  }

  /** Whether the stream has nothing of any page. */
  get isEmpty(): boolean {
    if (this.mapped !== undefined) return false;
    for (let page = 0; page < this.index.length; page += 1) if (this.index.get(page) !== 0) return false;
    return true;
  }

  /** The byte that a page is filled with, or `undefined` if its bytes are elsewhere or nowhere. */
  filledWith(page: number): number | undefined {
    const { mapped } = this;
    if (mapped !== undefined) return page < this.pages && !isSet(mapped.bitmap, page) ? 0 : undefined;
    const entry = this.index.get(page);
    return entry < 0 ? -1 - entry : undefined;
  }

  /** Where the bytes of a page are; `undefined` if it is filled or was not sent. */
  find(page: number): SentPage | undefined {
    const { mapped } = this;
    if (mapped !== undefined) {
      if (page >= this.pages || !isSet(mapped.bitmap, page)) return undefined;
      return { kind: PAGE_KIND.plain, position: mapped.position + page * PAGE_SIZE };
    }
    const entry = this.index.get(page);
    if (entry <= 0) return undefined;
    const kind = entry % 4;
    return { kind: kind as SentPage['kind'], position: (entry - kind) / 4 };
  }
}

/** The bitmap is an array of 64-bit words in the byte order of the host, which is little-endian for x86 guests. */
function isSet(bitmap: Uint8Array, page: number): boolean {
  return (((bitmap[Math.floor(page / 8)] ?? 0) >> (page % 8)) & 1) === 1;
}
