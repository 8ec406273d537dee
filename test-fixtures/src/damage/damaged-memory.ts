import { OsiError, PAGE_SIZE, type Page, type PhysicalMemory, type PhysicalRange } from '@osi-linux/core';

/** Physical memory with damage laid over it; the memory below stays as it was. */
export class DamagedMemory implements PhysicalMemory {
  private readonly memory: PhysicalMemory;
  private readonly changed = new Map<number, Page>();
  private readonly missing = new Set<number>();

  constructor(memory: PhysicalMemory) {
    this.memory = memory;
  }

  /** Takes a page away. */
  remove(frame: number): void {
    this.missing.add(frame);
  }

  /** The bytes of a page, to be written to; `undefined` if there is no page. */
  writable(frame: number): Page | undefined {
    const changed = this.changed.get(frame);
    if (changed !== undefined) return changed;
    const page = this.memory.page(frame);
    if (page === undefined) return undefined;
    const bytes = page.bytes.slice();
    const copy = { bytes, view: new DataView(bytes.buffer) };
    this.changed.set(frame, copy);
    return copy;
  }

  get ranges(): readonly PhysicalRange[] {
    return this.memory.ranges;
  }

  page(frame: number): Page | undefined {
    if (this.missing.has(frame)) return undefined;
    return this.changed.get(frame) ?? this.memory.page(frame);
  }

  hole(frame: number): OsiError {
    if (!this.missing.has(frame)) return this.memory.hole(frame);
    return new OsiError(
      'PHYSICAL_HOLE',
      `no page at physical 0x${(frame * PAGE_SIZE).toString(16)}: taken out`,
    );
  }

  scan(address: number, into: Uint8Array): number {
    for (let done = 0; done < into.length; ) {
      const page = this.page(Math.floor((address + done) / PAGE_SIZE));
      if (page === undefined) return done;
      const start = (address + done) % PAGE_SIZE;
      const step = Math.min(into.length - done, PAGE_SIZE - start);
      into.set(page.bytes.subarray(start, start + step), done);
      done += step;
    }
    return into.length;
  }
}
