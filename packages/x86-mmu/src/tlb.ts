import type { Page, PhysicalAddress } from '@osi-linux/core';

// V8 keeps typed arrays of up to 64 bytes in its own heap, which makes a small TLB ten times cheaper to create.
const FIRST_SLOTS = 8;
const MOST_SLOTS = 8192; // 8 * 4 ** 5
const VALID = 1;

/**
 * A direct-mapped cache of translations, in typed arrays; keys are the two 32-bit halves of a virtual address.
 *
 * It begins small, since a listing makes one per process, and grows with the pages that go through it.
 */
export class Tlb {
  private low = new Uint32Array(FIRST_SLOTS);
  private high = new Uint32Array(FIRST_SLOTS);
  private physical = new Float64Array(FIRST_SLOTS);
  private pages = new Array<Page | undefined>(FIRST_SLOTS).fill(undefined);
  private mask = FIRST_SLOTS - 1;
  private fills = 0;

  /** The slot that holds the translation of this address, or -1. */
  find(low: number, high: number): number {
    const slot = ((low >>> 12) ^ high) & this.mask;
    const tag = ((low & 0xfffff000) | VALID) >>> 0;
    return this.low[slot] === tag && this.high[slot] === high ? slot : -1;
  }

  /** Keeps the physical address of the page of a virtual one; returns the slot. */
  fill(low: number, high: number, pageAddress: PhysicalAddress): number {
    this.fills += 1;
    if (this.fills > this.mask && this.mask + 1 < MOST_SLOTS) this.resize((this.mask + 1) * 4);
    const slot = ((low >>> 12) ^ high) & this.mask;
    this.low[slot] = ((low & 0xfffff000) | VALID) >>> 0;
    this.high[slot] = high;
    this.physical[slot] = pageAddress;
    this.pages[slot] = undefined;
    return slot;
  }

  /** Physical address of the page of a slot. */
  physicalPage(slot: number): PhysicalAddress {
    return this.physical[slot] ?? 0;
  }

  /** The page of a slot, if {@link keepPage} was called for it. */
  page(slot: number): Page | undefined {
    return this.pages[slot];
  }

  /** Keeps the page of a slot, so that a hit needs no lookup by frame. */
  keepPage(slot: number, page: Page): void {
    this.pages[slot] = page;
  }

  /** Forgets all. */
  flush(): void {
    this.low.fill(0);
    this.pages.fill(undefined);
  }

  private resize(slots: number): void {
    this.low = new Uint32Array(slots);
    this.high = new Uint32Array(slots);
    this.physical = new Float64Array(slots);
    this.pages = new Array<Page | undefined>(slots).fill(undefined);
    this.mask = slots - 1;
    this.fills = 0;
  }
}
