import { FakePhysicalMemory } from './fake-physical-memory';
import { type BuilderForm, PageTableBuilder } from './page-table-builder';

/** A page that a generated layout asks for; any numbers will do. */
export interface LayoutRow {
  /** An address that the page is to hold. */
  readonly at: bigint;
  /** Chooses among the page sizes of the form. */
  readonly size: number;
  /** Chooses the frame. */
  readonly frame: number;
  /** Chooses an address inside of the page, to be probed. */
  readonly offset: number;
  /** Whether a large page has its PAT bit set. */
  readonly pat: boolean;
}

/** Page tables made from generated rows, and the addresses that are worth asking about. */
export interface PageLayout {
  readonly memory: FakePhysicalMemory;
  readonly built: PageTableBuilder;
  readonly probes: readonly bigint[];
}

// Where frames end: 4 MiB pages reach 40 bits by PSE-36, the other pages of 32-bit entries 32.
const FRAMES_END = { i386: 2 ** 40, pae: 2 ** 52, '4-level': 2 ** 52, '5-level': 2 ** 52 } as const;

/**
 * Builds page tables from rows, at most one page for each stretch of addresses that is as large as the form's largest
 * page, so that no page covers another's table.
 */
export function layOutPages(form: BuilderForm, rows: readonly LayoutRow[]): PageLayout {
  const memory = new FakePhysicalMemory();
  const built = new PageTableBuilder(memory, form, form === 'pae' ? 0x1060 : 0x1000);
  const largest = BigInt(Math.max(...built.pageSizes));
  const taken = new Set<bigint>();
  const probes: bigint[] = [];
  for (const row of rows) {
    if (taken.has(row.at / largest)) continue;
    taken.add(row.at / largest);
    const size = built.pageSizes[row.size % built.pageSizes.length] ?? 4096;
    const virtual = row.at - (row.at % BigInt(size));
    const frames = (form === 'i386' && size === 4096 ? 2 ** 32 : FRAMES_END[form]) / size;
    built.map(virtual, (row.frame % frames) * size, size, row.pat && size > 4096 ? 0x1000n : 0n);
    probes.push(row.at, virtual, virtual + BigInt(row.offset % size), BigInt.asUintN(64, virtual - 1n));
  }
  return { memory, built, probes };
}
