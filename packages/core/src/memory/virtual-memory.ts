import type { PhysicalAddress, VirtualAddress } from '../address/index';
import type { OsiError } from '../errors/index';
import type { Architecture } from './architecture';
import type { Page, PagePart } from './physical-memory';

/** A page as page tables map it, of any size. */
export interface PageMapping {
  /** Physical address behind the virtual one that was asked for. */
  readonly physical: PhysicalAddress;
  /** Bytes of the page, large ones included. */
  readonly size: number;
  /** Whether its bytes may be executed. */
  readonly executable: boolean;
  /** Whether its bytes may be written, by the kernel or by both. */
  readonly writable: boolean;
}

/** One address space of the guest: physical memory seen through a page-table root. */
export interface VirtualMemory {
  /** The processor architecture of the guest. */
  readonly architecture: Architecture;
  /** Physical address of the top page table. */
  readonly root: PhysicalAddress;

  /** The page that holds a virtual address, or `undefined` if it is not mapped or its frame is missing. */
  page(address: VirtualAddress): Page | undefined;

  /**
   * The bytes of the page that holds a virtual address, if physical memory holds only a part of it (`PhysicalMemory.parts`).
   * Absent if no page is in parts.
   */
  parts?(address: VirtualAddress): readonly PagePart[];

  /**
   * Why {@link page} returns `undefined`: the page table entry that is not present, or the hole in physical
   * memory.
   */
  fault(address: VirtualAddress): OsiError;

  /** Physical address behind a virtual one, or `undefined` if it is not mapped. */
  translate(address: VirtualAddress): PhysicalAddress | undefined;

  /**
   * The mapping that holds a virtual address: the result of {@link translate} and its length; `undefined` if
   * nothing is mapped. Absent in memory without page tables.
   */
  mapping?(address: VirtualAddress): PageMapping | undefined;

  /**
   * The same physical memory through another page-table root, given by its physical address: that of a process.
   *
   * Addresses of the kernel are translated as before: on x86 the tables of each process map the kernel too; where the
   * kernel has a root of its own (TTBR1 of arm64), that one stays.
   */
  withRoot(root: PhysicalAddress): VirtualMemory;
}
