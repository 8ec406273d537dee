import type { OsiError, Page, PhysicalAddress, PhysicalMemory, PhysicalRange } from '@osi-linux/core';

/** Physical memory that notes every page that is read through it, scans left out. */
export class RecordingMemory implements PhysicalMemory {
  /** The pages that were read, by frame number. */
  readonly pages = new Map<number, Uint8Array>();
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  get ranges(): readonly PhysicalRange[] {
    return this.#memory.ranges;
  }

  page(frame: number): Page | undefined {
    const page = this.#memory.page(frame);
    if (page !== undefined) this.pages.set(frame, page.bytes);
    return page;
  }

  hole(address: PhysicalAddress): OsiError {
    return this.#memory.hole(address);
  }

  scan(address: PhysicalAddress, into: Uint8Array): number {
    return this.#memory.scan(address, into);
  }
}
