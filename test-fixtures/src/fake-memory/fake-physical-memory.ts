import { OsiError, PAGE_SIZE, type Page, type PhysicalMemory, type PhysicalRange } from '@osi-linux/core';

/** A call that a {@link FakePhysicalMemory} was given. */
export interface FakeMemoryCall {
  readonly method: 'page' | 'hole' | 'scan';
  /** The frame number for `page`, the physical address for the others. */
  readonly argument: number;
}

/** Physical memory whose pages a test sets by hand; records calls and fails on demand. */
export class FakePhysicalMemory implements PhysicalMemory {
  /** Every call so far, in order. */
  readonly calls: FakeMemoryCall[] = [];
  private readonly pages = new Map<number, Page>();
  private failing = 0;

  /** Puts a page at a frame number; shorter content is followed by zeros. Returns its bytes. */
  setPage(frame: number, content: Uint8Array = new Uint8Array(0)): Uint8Array {
    const bytes = new Uint8Array(PAGE_SIZE);
    bytes.set(content);
    this.pages.set(frame, { bytes, view: new DataView(bytes.buffer) });
    return bytes;
  }

  /** Takes the page of a frame away. */
  removePage(frame: number): void {
    this.pages.delete(frame);
  }

  /** Writes bytes at a physical address, making the pages that are missing. */
  write(address: number, content: Uint8Array): void {
    for (let done = 0; done < content.length; ) {
      const inPage = (address + done) % PAGE_SIZE;
      const step = Math.min(content.length - done, PAGE_SIZE - inPage);
      this.ensure(address + done).bytes.set(content.subarray(done, done + step), inPage);
      done += step;
    }
  }

  /** Writes a little-endian integer of 4 or 8 bytes; it must not cross a page. */
  writeWord(address: number, value: bigint, size: 4 | 8 = 8): void {
    const { view } = this.ensure(address);
    if (size === 8) view.setBigUint64(address % PAGE_SIZE, BigInt.asUintN(64, value), true);
    else view.setUint32(address % PAGE_SIZE, Number(BigInt.asUintN(32, value)), true);
  }

  /** Lets the n-th call of `page` from now fail as if the frame were missing; 1 is the next one. */
  failOn(call: number): void {
    this.failing = call;
  }

  get ranges(): readonly PhysicalRange[] {
    const ranges: { start: number; end: number }[] = [];
    for (const frame of [...this.pages.keys()].sort((a, b) => a - b)) {
      const start = frame * PAGE_SIZE;
      const last = ranges[ranges.length - 1];
      if (last?.end === start) last.end = start + PAGE_SIZE;
      else ranges.push({ start, end: start + PAGE_SIZE });
    }
    return ranges;
  }

  page(frame: number): Page | undefined {
    this.calls.push({ method: 'page', argument: frame });
    if (this.failing > 0) {
      this.failing -= 1;
      if (this.failing === 0) return undefined;
    }
    return this.pages.get(frame);
  }

  hole(frame: number): OsiError {
    this.calls.push({ method: 'hole', argument: frame });
    const address = frame * PAGE_SIZE;
    return new OsiError('PHYSICAL_HOLE', `no page at physical 0x${address.toString(16)} in the fake memory`, {
      fields: { physicalAddress: address },
    });
  }

  scan(address: number, into: Uint8Array): number {
    this.calls.push({ method: 'scan', argument: address });
    for (let done = 0; done < into.length; ) {
      const page = this.pages.get(Math.floor((address + done) / PAGE_SIZE));
      if (page === undefined) return done;
      const inPage = (address + done) % PAGE_SIZE;
      const step = Math.min(into.length - done, PAGE_SIZE - inPage);
      into.set(page.bytes.subarray(inPage, inPage + step), done);
      done += step;
    }
    return into.length;
  }

  private ensure(address: number): Page {
    const frame = Math.floor(address / PAGE_SIZE);
    if (!this.pages.has(frame)) this.setPage(frame);
    return this.pages.get(frame) as Page;
  }
}
