import type { PhysicalAddress, VirtualAddress } from '../address/index';
import type { OsiError } from '../errors/index';
import type { Architecture } from './architecture';
import type { Page } from './physical-memory';

/** One address space of the guest: physical memory seen through a page-table root. */
export interface VirtualMemory {
  /** The processor architecture of the guest. */
  readonly architecture: Architecture;
  /** Physical address of the top page table. */
  readonly root: PhysicalAddress;

  /** The page that holds a virtual address, or `undefined` where it is not mapped or its frame is missing. */
  page(address: VirtualAddress): Page | undefined;

  /** Why {@link page} says `undefined`: the page-table entry that said no, or the hole in physical memory. */
  fault(address: VirtualAddress): OsiError;

  /** Physical address behind a virtual one, or `undefined` where it is not mapped. */
  translate(address: VirtualAddress): PhysicalAddress | undefined;

  /** The same physical memory through another page-table root, given by its physical address. */
  withRoot(root: PhysicalAddress): VirtualMemory;
}
