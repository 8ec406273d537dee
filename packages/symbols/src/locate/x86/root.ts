import type { Cpu, PhysicalAddress } from '@osi-linux/core';
import type { PagingForm } from '@osi-linux/x86-mmu';
import type { Vmcoreinfo } from '../vmcoreinfo';

/** A page-table root that may be a kernel's, and its name. */
export interface KernelRoot {
  /** The form of paging that its tables are of. */
  readonly form: PagingForm;
  /** Physical address of the top page table. */
  readonly root: PhysicalAddress;
  /** Its name, a clause for people: `CR3 of cpu 0`. */
  readonly evidence: string;
  /** The VMCOREINFO note that it comes from. */
  readonly vmcoreinfo?: Vmcoreinfo;
  /** The processor that uses it. */
  readonly cpu?: Cpu;
  /** Other roots of the same kernel that a search of memory found: one of them may be planted. */
  readonly rivals?: readonly KernelRoot[];
}
