import { type BuilderForm, FakePhysicalMemory, PageTableBuilder } from '../fake-memory';
import type { SectionKeys } from './section-keys';

const PAGE = 4096;
/** Where page tables are put down, below every kernel: 0.5 MiB for the kernel's own, then 128 KiB for each process. */
const TABLES = { start: 0x100000, first: 0x180000, step: 0x20000, end: 0x300000 };
/** Where structures that the kernel allocates are put down. */
const HEAP = 0x3000000;
const IMAGE = 0xffffffff80000000n;
const HALF_OF_32 = 0xc0000000n;
const VMALLOC = { 4: 0xf8000000n, 8: 0xffffc90000000000n } as const;
/** The bytes of memory that was allocated and never written. */
const POISON = 0x6b;
const FORMS: Readonly<Record<number, BuilderForm>> = { 2: 'i386', 3: 'pae', 4: '4-level', 5: '5-level' };

/** The memory of a guest of some layout, written by virtual addresses of its kernel. */
export class GuestMemory {
  readonly keys: SectionKeys;
  /** Bytes of a word. */
  readonly wordSize: 4 | 8;
  readonly form: BuilderForm;
  readonly physical = new FakePhysicalMemory();
  /** The kernel's own page tables. */
  readonly tables: PageTableBuilder;
  private readonly pageOffset: bigint;
  private readonly physBase: number;
  private readonly roots: PageTableBuilder[] = [];
  private readonly vmalloced = new Map<bigint, number>();
  private readonly linear = new Set<bigint>();
  private nextFrame = HEAP / PAGE;
  private nextVmalloc: bigint;
  private free = { address: 0n, bytes: 0 };

  constructor(keys: SectionKeys) {
    this.keys = keys;
    this.wordSize = keys.wordSize;
    this.form = FORMS[
      keys.findNumber('kernel.pgtable_levels') ?? (this.wordSize === 8 ? 4 : 3)
    ] as BuilderForm;
    this.physBase = keys.findNumber('kernel.phys_base') ?? 0;
    this.pageOffset = keys.has('kernel.page_offset_addr')
      ? keys.address('kernel.page_offset_addr')
      : this.guessPageOffset();
    this.nextVmalloc = VMALLOC[this.wordSize];
    this.tables = new PageTableBuilder(this.physical, this.form, TABLES.start);
  }

  /** Makes the pages of something that lies at a known place, all zero, before anything else is allocated. */
  reserve(address: bigint, bytes: number): void {
    for (let at = address & ~0xfffn; at < address + BigInt(bytes); at += 0x1000n) {
      const frame = this.physicalOf(at) / PAGE;
      if (this.physical.page(frame) === undefined) this.physical.setPage(frame);
      this.mapLinear(at);
    }
  }

  /** Memory of the kernel's direct map, full of poison. */
  allocate(bytes: number, alignment = 64): bigint {
    const size = Math.ceil(bytes / alignment) * alignment;
    const before = Number(BigInt.asUintN(64, -this.free.address) % BigInt(alignment));
    const room = this.free.bytes - before;
    if (size <= room) this.free = { address: this.free.address + BigInt(before), bytes: room };
    else this.free = this.takeFrames(Math.ceil(size / PAGE));
    const { address } = this.free;
    this.free = { address: address + BigInt(size), bytes: this.free.bytes - size };
    return address;
  }

  /** Memory that is contiguous in virtual addresses alone: its frames descend. */
  vmalloc(bytes: number): bigint {
    const pages = Math.ceil(bytes / PAGE);
    const address = this.nextVmalloc;
    this.nextVmalloc += BigInt((pages + 1) * PAGE);
    const frames = Array.from({ length: pages }, () => this.takeFrames(1).address).reverse();
    for (const [index, frame] of frames.entries()) {
      const at = address + BigInt(index * PAGE);
      this.vmalloced.set(at, this.physicalOf(frame));
      this.tables.map(at, this.physicalOf(frame));
    }
    return address;
  }

  /** The page tables of a new process; `pgd` is their address in the direct map. */
  createRoot(): { readonly pgd: bigint; readonly asid: number; readonly tables: PageTableBuilder } {
    const asid = TABLES.first + this.roots.length * TABLES.step;
    if (asid + TABLES.step > TABLES.end) throw new RangeError('too many processes');
    const tables = new PageTableBuilder(this.physical, this.form, asid);
    this.roots.push(tables);
    const pgd = this.pageOffset + BigInt(asid);
    this.mapLinear(pgd);
    return { pgd, asid, tables };
  }

  /** Writes bytes into the memory of a process, page by page, and maps them. */
  writeUser(tables: PageTableBuilder, address: bigint, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = address + BigInt(done);
      const inPage = Number(at & 0xfffn);
      const frame = this.physicalOf(this.takeFrames(1).address);
      tables.map(at - BigInt(inPage), frame, PAGE, 4n);
      this.physical.write(frame + inPage, bytes.subarray(done, done + PAGE - inPage));
      done += PAGE - inPage;
    }
  }

  /** Gives every process the kernel's half of the tables, and the kernel its top table where the section has it. */
  finish(): void {
    const half = { i386: [3072, 4096], pae: [24, 32], '4-level': [2048, 4096], '5-level': [2048, 4096] }[
      this.form
    ];
    const top = this.physical.page(TABLES.start / PAGE)?.bytes ?? new Uint8Array();
    const kernel = top.slice(half[0], half[1]);
    for (const { root } of this.roots) this.physical.write(root + (half[0] as number), kernel);
    const swapper = 'kernel.swapper_pg_dir_addr';
    if (this.keys.has(swapper)) this.physical.write(this.physicalOf(this.keys.address(swapper)), top);
  }

  /** The physical address of a virtual one of the kernel. */
  physicalOf(address: bigint): number {
    const frame = this.vmalloced.get(address & ~0xfffn);
    if (frame !== undefined) return frame + Number(address & 0xfffn);
    if (this.wordSize === 8 && address >= IMAGE) return Number(address - IMAGE) + this.physBase;
    return Number(address - this.pageOffset);
  }

  writeBytes(address: bigint, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = address + BigInt(done);
      const room = PAGE - Number(at & 0xfffn);
      this.physical.write(this.physicalOf(at), bytes.subarray(done, done + room));
      done += room;
    }
  }

  writeInt(address: bigint, value: number | bigint, bytes: 1 | 2 | 4 | 8 = 4): void {
    const out = new DataView(new ArrayBuffer(8));
    out.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
    this.writeBytes(address, new Uint8Array(out.buffer, 0, bytes));
  }

  writeWord(address: bigint, value: bigint): void {
    this.writeInt(address, value, this.wordSize);
  }

  /** A C string in memory of its own; its address. */
  text(text: string | Uint8Array): bigint {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    const address = this.allocate(bytes.length + 1, 8);
    this.writeBytes(address, bytes);
    this.writeInt(address + BigInt(bytes.length), 0, 1);
    return address;
  }

  private guessPageOffset(): bigint {
    if (this.wordSize === 4) return HALF_OF_32;
    return this.keys.address('task.per_cpu_offset_0_addr') & ~0x3fffffffn;
  }

  /** Frames side by side that nothing else has, full of poison. */
  private takeFrames(count: number): { address: bigint; bytes: number } {
    while (
      Array.from({ length: count }, (_, index) => this.nextFrame + index).some((frame) =>
        this.physical.page(frame),
      )
    )
      this.nextFrame += 1;
    const address = this.pageOffset + BigInt(this.nextFrame * PAGE);
    for (let index = 0; index < count; index += 1) {
      this.physical.setPage(this.nextFrame, new Uint8Array(PAGE).fill(POISON));
      this.mapLinear(address + BigInt(index * PAGE));
      this.nextFrame += 1;
    }
    return { address, bytes: count * PAGE };
  }

  /** Maps the large page that an address of the image or of the direct map is in. */
  private mapLinear(address: bigint): void {
    const size = this.form === 'i386' ? 0x400000 : 0x200000;
    const start = address - (address % BigInt(size));
    if (this.linear.has(start)) return;
    this.linear.add(start);
    this.tables.map(start, this.physicalOf(start), size);
  }
}
