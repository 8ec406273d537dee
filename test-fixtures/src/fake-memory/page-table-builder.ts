import type { FakePhysicalMemory } from './fake-physical-memory';

/** The forms of x86 paging that the builder writes. */
export type BuilderForm = 'i386' | 'pae' | '4-level' | '5-level';

/** A mapping that the builder wrote. */
export interface BuiltMapping {
  readonly virtual: bigint;
  readonly physical: number;
  /** Bytes of the page. */
  readonly size: number;
}

/** A form of paging, as this builder knows it. */
export interface BuilderLayout {
  readonly entryBytes: number;
  /** For each level from the top: lowest virtual bit of the index, and index bits. */
  readonly levels: readonly (readonly [shift: number, bits: number])[];
  /** Page sizes of this form as shifts. */
  readonly pageShifts: readonly number[];
}

/** Written from the figures of Intel SDM vol. 3A 4.3 to 4.5, and from nothing of the project's own walker. */
export const BUILDER_LAYOUTS: Readonly<Record<BuilderForm, BuilderLayout>> = {
  i386: {
    entryBytes: 4,
    levels: [
      [22, 10],
      [12, 10],
    ],
    pageShifts: [12, 22],
  },
  pae: {
    entryBytes: 8,
    levels: [
      [30, 2],
      [21, 9],
      [12, 9],
    ],
    pageShifts: [12, 21],
  },
  '4-level': {
    entryBytes: 8,
    levels: [
      [39, 9],
      [30, 9],
      [21, 9],
      [12, 9],
    ],
    pageShifts: [12, 21, 30],
  },
  '5-level': {
    entryBytes: 8,
    levels: [
      [48, 9],
      [39, 9],
      [30, 9],
      [21, 9],
      [12, 9],
    ],
    pageShifts: [12, 21, 30],
  },
};

/** Writes page tables into a fake memory and remembers its mappings: an oracle for page walks. */
export class PageTableBuilder {
  /** Physical address of the top table. */
  readonly root: number;
  /** The mappings, in order. */
  readonly mappings: BuiltMapping[] = [];
  private readonly memory: FakePhysicalMemory;
  private readonly layout: BuilderLayout;
  private nextTable: number;

  /** `tables` is the physical address from which page tables are put down, one after the other. */
  constructor(memory: FakePhysicalMemory, form: BuilderForm, tables: number) {
    this.memory = memory;
    this.layout = BUILDER_LAYOUTS[form];
    this.root = tables;
    this.nextTable = tables - (tables % 4096) + 4096;
    memory.setPage(Math.floor(tables / 4096));
  }

  /** Page sizes that the form has, in bytes. */
  get pageSizes(): number[] {
    return this.layout.pageShifts.map((shift) => 2 ** shift);
  }

  /** Maps a page; `flags` are more bits of its entry (bit 63 is NX, bit 12 of a large page is PAT). */
  map(virtual: bigint, physical: number, size = 4096, flags = 0n): void {
    let table = this.root;
    for (const [shift, bits] of this.layout.levels) {
      const index = Number((virtual >> BigInt(shift)) % (1n << BigInt(bits)));
      const at = table + index * this.layout.entryBytes;
      if (2 ** shift === size) {
        const largePage = size > 4096 ? 0x80n : 0n;
        this.write(at, this.frameBits(physical, size) | flags | largePage | 3n);
        break;
      }
      table = this.tableAt(at);
    }
    this.mappings.push({ virtual, physical, size });
  }

  /** The physical address that the mappings give, the last one first; `undefined` if none does. */
  lookup(virtual: bigint): number | undefined {
    for (let at = this.mappings.length - 1; at >= 0; at -= 1) {
      const mapping = this.mappings[at] as BuiltMapping;
      const offset = virtual - mapping.virtual;
      if (offset >= 0n && offset < BigInt(mapping.size)) return mapping.physical + Number(offset);
    }
    return undefined;
  }

  /** Physical address of the entry of a level (0 is the top) on the way to a virtual address. */
  entryAddress(virtual: bigint, depth: number): number {
    let table = this.root;
    for (const [level, [shift, bits]] of this.layout.levels.entries()) {
      const index = Number((virtual >> BigInt(shift)) % (1n << BigInt(bits)));
      const at = table + index * this.layout.entryBytes;
      if (level === depth) return at;
      table = Number(this.read(at) & 0xffffffffff000n);
    }
    throw new RangeError(`no level ${depth}`);
  }

  /** Writes an entry as it is. */
  write(at: number, entry: bigint): void {
    this.memory.writeWord(at, entry, this.layout.entryBytes === 4 ? 4 : 8);
  }

  private read(at: number): bigint {
    const page = this.memory.page(Math.floor(at / 4096));
    if (page === undefined) throw new RangeError(`the builder's own table at ${at} is gone`);
    if (this.layout.entryBytes === 4) return BigInt(page.view.getUint32(at % 4096, true));
    return page.view.getBigUint64(at % 4096, true);
  }

  private tableAt(at: number): number {
    const entry = this.read(at);
    if (entry !== 0n) return Number(entry & 0xffffffffff000n);
    const table = this.nextTable;
    this.nextTable += 4096;
    this.memory.setPage(table / 4096);
    // A PDPTE of PAE has no writable and no user bit (SDM vol. 3A, table 4-8).
    this.write(at, BigInt(table) | (this.layout.levels.length === 3 && at < this.root + 32 ? 1n : 7n));
    return table;
  }

  /** A 4 MiB page has bits 32 to 39 of its frame in bits 13 to 20 (PSE-36). */
  private frameBits(physical: number, size: number): bigint {
    if (size !== 2 ** 22) return BigInt(physical);
    return BigInt(physical % 2 ** 32) | (BigInt(Math.floor(physical / 2 ** 32)) << 13n);
  }
}
