import type { Cpu, PhysicalAddress } from '@osi-linux/core';
import type { PagingForm } from '@osi-linux/x86-mmu';
import type { Vmcoreinfo } from './vmcoreinfo';

/** A page-table root that may be a kernel's. */
export interface RootCandidate {
  /** The form of paging that its tables are of. */
  readonly form: PagingForm;
  /** Physical address of the top page table. */
  readonly root: PhysicalAddress;
  /** What names it: `CR3 of cpu 0`. */
  readonly evidence: string;
  /** The VMCOREINFO note that it comes from. */
  readonly vmcoreinfo?: Vmcoreinfo;
  /** The processor that uses it. */
  readonly cpu?: Cpu;
}

/**
 * What can lead to a kernel, in the order in which it is tried: the source's VMCOREINFO note, the registers of its
 * processors, VMCOREINFO in its memory, page tables in its memory. The last two share one pass over memory.
 * Where nothing of these has led to a kernel, the stretches that looked empty are read as well, and VMCOREINFO that begins
 * no page, as before Linux v4.13, is searched for in a pass of its own.
 */
export type DiscoveryMethod =
  | 'vmcoreinfo'
  | 'registers'
  | 'vmcoreinfo-in-memory'
  | 'page-tables-in-memory'
  | 'rest-of-memory';
