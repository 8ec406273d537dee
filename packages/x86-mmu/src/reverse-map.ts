import { PAGE_SIZE, type PhysicalAddress, type PhysicalMemory, type VirtualAddress } from '@osi-linux/core';
import { checkRoot } from './internal/check-root';
import { type IntegerLevel, integerLevels, NO_PAGE, pageAddress } from './internal/integer-level';
import type { PagingForm } from './paging-form';

/** A virtual address under which a physical one can be reached. */
export interface VirtualMapping {
  /** The virtual address of exactly that byte. */
  readonly virtual: VirtualAddress;
  /** The physical address that was looked for. */
  readonly physical: PhysicalAddress;
  /** Bytes of the page that maps it. */
  readonly pageSize: number;
}

/** Bounds of a search through page tables. */
export interface FindVirtualOptions {
  /** How many mappings are wanted at most. Default 1024. */
  readonly limit?: number;
  /** How many entries may be read, rounded up to whole tables. Default 2^26, about a second. */
  readonly entryLimit?: number;
}

/** The results of a search through page tables. */
export interface VirtualMappings {
  /** The mappings, by ascending virtual address. */
  readonly mappings: readonly VirtualMapping[];
  /** Which bound ended the search early; absent where all tables were searched. */
  readonly cutOff?: 'limit' | 'entryLimit';
  /** Tables that the memory lacks, each once, the first 64; their mappings are unknown. */
  readonly missingTables: readonly PhysicalAddress[];
}

const DEFAULT_LIMIT = 1024;
const DEFAULT_ENTRY_LIMIT = 2 ** 26;
const MOST_MISSING = 64;

/**
 * Finds every virtual address that leads to a physical one: the page tables read backwards.
 *
 * Present entries only; a page of the direct map is found there as well as where a process or the kernel's image
 * maps it. A table without a find is not searched twice on the same level, so that tables that share
 * or contain themselves cost no more than others.
 *
 * @throws OsiError `PAGE_ROOT_INVALID` where `root` is no physical address that this form's CR3 can hold.
 *
 * @example
 * ```ts
 * const bytes = new Uint8Array(4096);
 * const view = new DataView(bytes.buffer);
 * view.setBigUint64(8, 3n, true);
 * const hole = () => new OsiError('PHYSICAL_HOLE', 'no such frame');
 * const memory = { ranges: [], page: () => ({ bytes, view }), hole, scan: () => 0 };
 * findVirtual(pagingForms['4-level'], memory, 0, 0x123).mappings
 * // => [{ virtual: 0x8040201123n, physical: 0x123, pageSize: 4096 }]
 * ```
 */
export function findVirtual(
  form: PagingForm,
  memory: PhysicalMemory,
  root: PhysicalAddress,
  physical: PhysicalAddress,
  options: FindVirtualOptions = {},
): VirtualMappings {
  checkRoot(form, root);
  const search = new ReverseSearch(form, memory, physical, options);
  search.table(0, root, 0n);
  const { mappings, missing, cutOff } = search;
  return { mappings, missingTables: [...missing], ...(cutOff !== undefined && { cutOff }) };
}

class ReverseSearch {
  readonly mappings: VirtualMapping[] = [];
  readonly missing = new Set<PhysicalAddress>();
  cutOff: VirtualMappings['cutOff'];
  private readonly levels: readonly IntegerLevel[];
  /** Tables without a find, as `frame * 8 + depth`; no more than the entry limit has tables. */
  private readonly barren = new Set<number>();
  private entriesRead = 0;

  constructor(
    private readonly form: PagingForm,
    private readonly memory: PhysicalMemory,
    private readonly physical: PhysicalAddress,
    private readonly options: FindVirtualOptions,
  ) {
    this.levels = integerLevels(form);
  }

  /** Searches the table of a depth (0 is the top) whose first entry maps `base`. */
  table(depth: number, address: PhysicalAddress, base: bigint): void {
    const level = this.levels[depth];
    const frame = Math.floor(address / PAGE_SIZE);
    if (level === undefined || this.barren.has(frame * 8 + depth)) return;
    const page = this.memory.page(frame);
    if (page === undefined) {
      if (this.missing.size < MOST_MISSING) this.missing.add(address);
      return;
    }
    if (this.entriesRead >= (this.options.entryLimit ?? DEFAULT_ENTRY_LIMIT)) {
      this.cutOff = 'entryLimit';
      return;
    }
    const found = this.mappings.length;
    this.entriesRead += level.indexMask + 1;
    this.entries(depth, level, page.view, address % PAGE_SIZE, base);
    if (this.mappings.length === found && this.cutOff === undefined) this.barren.add(frame * 8 + depth);
  }

  private entries(depth: number, level: IntegerLevel, view: DataView, start: number, base: bigint): void {
    const eightBytes = this.form.entrySize === 8;
    for (let index = 0; index <= level.indexMask && this.cutOff === undefined; index += 1) {
      const at = start + index * this.form.entrySize;
      const low = view.getUint32(at, true);
      if ((low & 1) === 0) continue;
      const high = eightBytes ? view.getUint32(at + 4, true) : 0;
      if (level.leaf || (low & level.pageSizeBit) !== 0) {
        const page = pageAddress(level, low, high, 0);
        const offset = this.physical - page;
        if (page !== NO_PAGE && offset >= 0 && offset <= level.pageMask) this.add(level, base, index, offset);
      } else if ((low & level.tableReservedLow) === 0 && (high & level.tableReservedHigh) === 0) {
        const table = (high & 0xfffff) * 0x100000000 + ((low & 0xfffff000) >>> 0);
        this.table(depth + 1, table, base + (BigInt(index) << BigInt(level.shift)));
      }
    }
  }

  private add(level: IntegerLevel, base: bigint, index: number, offset: number): void {
    if (this.mappings.length >= (this.options.limit ?? DEFAULT_LIMIT)) {
      this.cutOff = 'limit';
      return;
    }
    const address = base + (BigInt(index) << BigInt(level.shift)) + BigInt(offset);
    const { virtualBits } = this.form;
    const virtual = virtualBits === 32 ? address : BigInt.asUintN(64, BigInt.asIntN(virtualBits, address));
    this.mappings.push({ virtual, physical: this.physical, pageSize: level.pageMask + 1 });
  }
}
