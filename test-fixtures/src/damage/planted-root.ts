import {
  type OsiError,
  PAGE_SIZE,
  type Page,
  type PhysicalAddress,
  type PhysicalMemory,
  type PhysicalRange,
  type VirtualAddress,
} from '@osi-linux/core';
import { BUILDER_LAYOUTS, type BuilderForm, type BuilderLayout } from '../fake-memory';

const PRESENT = 1n;
const PS = 0x80n;
const FRAME = 0x000ffffffffff000n;

/** Physical memory with pages laid over it, also where it had none: those that a process of the guest writes. */
export class PlantedMemory implements PhysicalMemory {
  readonly ranges: readonly PhysicalRange[];
  private readonly memory: PhysicalMemory;
  private readonly planted = new Map<number, Page>();
  private readonly free: number[];

  /** The pages from a physical address on are free to be planted. */
  constructor(memory: PhysicalMemory, start: PhysicalAddress, pages: number) {
    this.memory = memory;
    const end = start + pages * PAGE_SIZE;
    this.free = Array.from({ length: pages }, (_, index) => start / PAGE_SIZE + index);
    for (const frame of this.free) this.write(frame, new Uint8Array(PAGE_SIZE));
    const around = memory.ranges.flatMap((range) => [
      { start: range.start, end: Math.min(range.end, start) },
      { start: Math.max(range.start, end), end: range.end },
    ]);
    this.ranges = [...around.filter((range) => range.start < range.end), { start, end }].sort(
      (one, other) => one.start - other.start,
    );
  }

  /** Writes the next free page; returns its frame. */
  plant(bytes: Uint8Array): number {
    const frame = this.free.shift();
    if (frame === undefined) throw new RangeError('no page is left');
    const page = new Uint8Array(PAGE_SIZE);
    page.set(bytes);
    return this.write(frame, page);
  }

  /** The bytes of a planted page, to be written to. */
  plantedPage(frame: number): Page | undefined {
    return this.planted.get(frame);
  }

  page(frame: number): Page | undefined {
    return this.planted.get(frame) ?? this.memory.page(frame);
  }

  hole(frame: number): OsiError {
    return this.memory.hole(frame);
  }

  scan(address: PhysicalAddress, into: Uint8Array): number {
    for (let done = 0; done < into.length; ) {
      const at = address + done;
      const page = this.page(Math.floor(at / PAGE_SIZE));
      if (page === undefined) return done;
      const start = at % PAGE_SIZE;
      const step = Math.min(into.length - done, PAGE_SIZE - start);
      into.set(page.bytes.subarray(start, start + step), done);
      done += step;
    }
    return into.length;
  }

  private write(frame: number, bytes: Uint8Array): number {
    this.planted.set(frame, { bytes, view: new DataView(bytes.buffer) });
    return frame;
  }
}

/** Page tables that a process plants: those of the kernel, but for the pages that it puts in the place of others. */
export class PlantedTables {
  /** Physical address of the top table. */
  readonly root: PhysicalAddress;
  private readonly memory: PlantedMemory;
  private readonly layout: BuilderLayout;

  /** They begin as a copy of the top table at a physical address. */
  constructor(memory: PlantedMemory, form: BuilderForm, genuine: PhysicalAddress) {
    this.memory = memory;
    this.layout = BUILDER_LAYOUTS[form];
    this.root = this.copyOf(Math.floor(genuine / PAGE_SIZE)) * PAGE_SIZE + (genuine % PAGE_SIZE);
  }

  /** Puts a page of the process in the place of the one behind a virtual address. */
  shadow(address: VirtualAddress, bytes: Uint8Array): void {
    this.lead(address, this.memory.plant(bytes));
  }

  /** Lets a virtual address lead to a page that is there. */
  lead(address: VirtualAddress, frame: number): void {
    const { levels, entryBytes } = this.layout;
    let table = this.root;
    for (const [depth, [shift, bits]] of levels.entries()) {
      const at = table + Number(BigInt.asUintN(bits, address >> BigInt(shift))) * entryBytes;
      const entry = this.read(at);
      if ((entry & PRESENT) === 0n) throw new RangeError(`0x${address.toString(16)} is not mapped`);
      const isLast = shift === 12;
      const child = isLast ? frame : (entry & PS) === 0n ? this.ownTable(entry) : this.split(entry, depth);
      const flags = entry & ~FRAME & ~(isLast ? 0n : PS);
      this.write(at, flags | (BigInt(child) * BigInt(PAGE_SIZE)));
      table = child * PAGE_SIZE;
    }
  }

  private ownTable(entry: bigint): number {
    const frame = Number((entry & FRAME) / BigInt(PAGE_SIZE));
    return this.memory.plantedPage(frame) === undefined ? this.copyOf(frame) : frame;
  }

  /** A table of smaller pages in the place of a large one. */
  private split(entry: bigint, depth: number): number {
    const { levels, entryBytes } = this.layout;
    const [[shift], [next, bits]] = levels.slice(depth) as [
      readonly [number, number],
      readonly [number, number],
    ];
    const frame = this.memory.plant(new Uint8Array(PAGE_SIZE));
    const flags = entry & ~FRAME & (next === 12 ? ~PS : ~0n);
    const first = entry & FRAME & ~((1n << BigInt(shift)) - 1n);
    for (let index = 0; index < 1 << bits; index += 1)
      this.write(frame * PAGE_SIZE + index * entryBytes, flags | (first + (BigInt(index) << BigInt(next))));
    return frame;
  }

  private copyOf(frame: number): number {
    const page = this.memory.page(frame);
    if (page === undefined) throw new RangeError(`no page ${frame}`);
    return this.memory.plant(page.bytes);
  }

  private read(at: PhysicalAddress): bigint {
    const view = this.memory.page(Math.floor(at / PAGE_SIZE))?.view;
    if (view === undefined) return 0n;
    return this.layout.entryBytes === 8
      ? view.getBigUint64(at % PAGE_SIZE, true)
      : BigInt(view.getUint32(at % PAGE_SIZE, true));
  }

  private write(at: PhysicalAddress, entry: bigint): void {
    const view = this.memory.plantedPage(Math.floor(at / PAGE_SIZE))?.view;
    if (view === undefined) throw new RangeError('only planted tables are written');
    if (this.layout.entryBytes === 8) view.setBigUint64(at % PAGE_SIZE, entry, true);
    else view.setUint32(at % PAGE_SIZE, Number(entry), true);
  }
}
