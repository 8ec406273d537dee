import type {
  Architecture,
  OsiError,
  Page,
  PageMapping,
  PagePart,
  PhysicalAddress,
  PhysicalMemory,
  VirtualAddress,
  VirtualMemory,
} from '@osi-linux/core';
import { checkRoot } from './internal/check-root';
import { FastWalk, NOT_PRESENT } from './internal/fast-walk';
import { residentPage } from './internal/resident-page';
import { errorOfWalk } from './internal/walk-error';
import type { NonPresentReader } from './non-present-reader';
import { type FaultedWalk, type PageWalk, walk } from './page-walk';
import type { PagingForm } from './paging-form';
import { Tlb } from './tlb';

// One bigint is split into halves here, once per call; the code is synchronous, so one scratch does for all.
const scratch = new BigUint64Array(1);
const halves = new Uint32Array(scratch.buffer);
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** XD of an entry at any level; reserved, and so never set, where EFER.NXE is clear. Intel SDM vol. 3A 4.6. */
const NO_EXECUTE = 1n << 63n;
const WRITABLE = 1n << 1n;

interface FirstPage {
  readonly pageLow: number;
  readonly high: number;
  readonly physical: PhysicalAddress;
  page: Page | undefined;
}

/**
 * Virtual memory through x86 page tables, with a TLB that holds until {@link flush}.
 *
 * With a reader of entries that are not present, pages that the operating system keeps in memory behind such entries
 * are read as well, as the operating system itself reads them; only {@link walk} then shows the processor's fault.
 *
 * @example
 * ```ts
 * const bytes = new Uint8Array(4096);
 * const view = new DataView(bytes.buffer);
 * view.setBigUint64(0, 3n, true);
 * const hole = () => new OsiError('PHYSICAL_HOLE', 'no such frame');
 * const memory = { ranges: [], page: () => ({ bytes, view }), hole, scan: () => 0 };
 * const space = new AddressSpace(pagingForms['4-level'], memory, 0);
 * space.translate(0x123n) // => 0x123
 * space.page(0x123n)?.bytes[0] // => 3
 * space.fault(0x1000n).code // => 'PAGE_NOT_PRESENT'
 * space.withRoot(5) // throws PAGE_ROOT_INVALID
 * ```
 */
export class AddressSpace implements VirtualMemory {
  /** The form of paging of its tables. */
  readonly form: PagingForm;
  readonly root: PhysicalAddress;
  private readonly memory: PhysicalMemory;
  private readonly nonPresent: NonPresentReader | undefined;
  private readonly fast: FastWalk;
  /** The first page that is asked for: many address spaces are asked for one alone, and never need a TLB. */
  private first: FirstPage | undefined;
  private tlb: Tlb | undefined;

  /**
   * `nonPresent` interprets the operating system's contents of entries that are not present: the pages that it
   * finds in memory are read, and {@link fault} names the others.
   *
   * @throws OsiError `PAGE_ROOT_INVALID` where `root` is no physical address that this form's CR3 can hold.
   */
  constructor(
    form: PagingForm,
    memory: PhysicalMemory,
    root: PhysicalAddress,
    nonPresent?: NonPresentReader,
  ) {
    checkRoot(form, root);
    this.form = form;
    this.memory = memory;
    this.root = root;
    this.nonPresent = nonPresent;
    this.fast = FastWalk.of(form);
  }

  /** The architecture that the form belongs to. */
  get architecture(): Architecture {
    return this.form.architecture;
  }

  /** The page that holds a virtual address, or `undefined` if it is not in memory or its frame is missing. */
  page(address: VirtualAddress): Page | undefined {
    scratch[0] = address;
    const low = halves[LOW] as number;
    const high = halves[HIGH] as number;
    if (this.tlb === undefined && this.isFirst(low, high)) {
      const first = this.first ?? this.findFirst(low, high);
      return first === undefined ? undefined : (first.page ?? this.load(first));
    }
    const tlb = this.tlb ?? this.makeTlb();
    const slot = this.slot(tlb, low, high);
    if (slot < 0) return undefined;
    const kept = tlb.page(slot);
    if (kept !== undefined) return kept;
    const page = this.memory.page(tlb.physicalPage(slot) / 4096);
    if (page !== undefined) tlb.keepPage(slot, page);
    return page;
  }

  /** The bytes of the page that holds a virtual address, if physical memory holds only a part of it; empty otherwise. */
  parts(address: VirtualAddress): readonly PagePart[] {
    const physical = this.translate(address);
    return physical === undefined ? [] : (this.memory.parts?.(Math.floor(physical / 4096)) ?? []);
  }

  /** Physical address behind a virtual one, or `undefined` if it is not in memory. */
  translate(address: VirtualAddress): PhysicalAddress | undefined {
    scratch[0] = address;
    const low = halves[LOW] as number;
    const high = halves[HIGH] as number;
    if (this.tlb === undefined && this.isFirst(low, high)) {
      const first = this.first ?? this.findFirst(low, high);
      return first === undefined ? undefined : first.physical + (low & 0xfff);
    }
    const tlb = this.tlb ?? this.makeTlb();
    const slot = this.slot(tlb, low, high);
    return slot < 0 ? undefined : tlb.physicalPage(slot) + (low & 0xfff);
  }

  /** The page that an address is mapped in, of any size, or `undefined` if it is not in memory. */
  mapping(address: VirtualAddress): PageMapping | undefined {
    const walked = this.walk(address);
    if (walked.fault !== undefined) return this.residentMapping(walked);
    const { physical, pageSize: size, entries } = walked;
    return {
      physical,
      size,
      executable: entries.every(({ entry }) => (entry & NO_EXECUTE) === 0n),
      writable: entries.every(({ entry }) => (entry & WRITABLE) !== 0n),
    };
  }

  /** Every step of the translation of an address, read anew from the tables. */
  walk(address: VirtualAddress): PageWalk {
    const walked = walk(this.form, this.memory, this.root, address);
    if (walked.fault !== 'not-present' || this.nonPresent === undefined) return walked;
    return { ...walked, nonPresent: this.nonPresent(this.form, walked) };
  }

  /**
   * Why {@link page} returns `undefined`: `ADDRESS_NON_CANONICAL`, `PAGE_NOT_PRESENT`, `PAGE_RESERVED_BIT`,
   * `PAGE_TABLE_MISSING`, or the fault of the page's frame in physical memory. `PAGE_PRESENT` if there is no
   * fault.
   *
   * `fields` has `level`, `entryAddress`, `entry` and `unmappedBytes` of the entry that ended the walk; for
   * one that is not present and an operating system that is known also `reason` (a `NonPresentKind`), and
   * `physicalAddress` or `swap` if the entry contains them.
   */
  fault(address: VirtualAddress): OsiError {
    return errorOfWalk(this.walk(address), this.memory);
  }

  /** The same physical memory through another top table, given by its physical address. */
  withRoot(root: PhysicalAddress): AddressSpace {
    return new AddressSpace(this.form, this.memory, root, this.nonPresent);
  }

  /** Forgets all translations and pages; for guests that run on between reads. */
  flush(): void {
    this.tlb?.flush();
    this.first = undefined;
  }

  private residentMapping(walked: FaultedWalk): PageMapping | undefined {
    const resident = residentPage(walked);
    const level = this.form.levels.find(({ name }) => name === walked.level);
    if (resident === undefined || level === undefined) return undefined;
    return { physical: resident.physical, size: 2 ** level.shift, writable: false, executable: false };
  }

  private slot(tlb: Tlb, low: number, high: number): number {
    const slot = tlb.find(low, high);
    if (slot >= 0) return slot;
    const physical = this.locate(low, high);
    return physical < 0 ? -1 : tlb.fill(low, high, physical - (low & 0xfff));
  }

  /** The physical address behind a virtual one given in halves, or a negative number. */
  private locate(low: number, high: number): number {
    const physical = this.fast.translate(this.memory, this.root, low, high);
    if (physical !== NOT_PRESENT || this.nonPresent === undefined) return physical;
    const address = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    return residentPage(this.walk(address))?.physical ?? NOT_PRESENT;
  }

  private makeTlb(): Tlb {
    this.tlb = new Tlb();
    return this.tlb;
  }

  /** Whether an address is in the first page, or nothing was asked for yet. */
  private isFirst(low: number, high: number): boolean {
    const { first } = this;
    return first === undefined || (first.pageLow === (low & ~0xfff) && first.high === high);
  }

  private findFirst(low: number, high: number): FirstPage | undefined {
    const physical = this.locate(low, high);
    if (physical < 0) return undefined;
    this.first = { pageLow: low & ~0xfff, high, physical: physical - (low & 0xfff), page: undefined };
    return this.first;
  }

  private load(first: FirstPage): Page | undefined {
    first.page = this.memory.page(first.physical / 4096);
    return first.page;
  }
}
