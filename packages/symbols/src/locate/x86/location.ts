import type { PhysicalAddress, VirtualAddress } from '@osi-linux/core';
import type { AddressSpace, PagingForm } from '@osi-linux/x86-mmu';
import type { CpuEntry } from './cpu-entries';
import type { KernelRoot } from './root';

/** Where a kernel is in a guest's memory. */
export interface KernelLocation {
  /** The form of paging that its page tables are of. */
  readonly form: PagingForm;
  /** Physical address of its top page table. */
  readonly root: PhysicalAddress;
  /** Virtual memory through it. */
  readonly tables: AddressSpace;
  /** Virtual address at which its image begins: `_text`. */
  readonly textBase: VirtualAddress;
  /**
   * By how many bytes KASLR moved the image from where distributions link it; `null` if that is not known.
   */
  readonly kaslrShift: bigint | null;
  /** The virtual address that {@link physBase} is for: `__START_KERNEL_map` of 64 bits, PAGE_OFFSET of 32 bits. */
  readonly mapBase: VirtualAddress;
  /** Physical address behind {@link mapBase}, signed: an address of the image less `mapBase`, plus this, is physical. */
  readonly physBase: bigint;
  /** The evidence for the root, the image and its shift. */
  readonly evidence: LocationEvidence;
  /** Where processors enter the kernel; empty if no processor names the root. */
  readonly entries: readonly KernelEntry[];
  /**
   * Other roots in memory that lead to the same image: at most one of them is the kernel's own. Empty if the source
   * itself names the root.
   */
  readonly rivals: readonly KernelRoot[];
}

/** The evidence for the place of a kernel: clauses for people. */
export interface LocationEvidence {
  /** The name of {@link KernelLocation.root}: `CR3 of cpu 0, 0x300000`. */
  readonly root: string;
  /** The evidence for {@link KernelLocation.textBase}. */
  readonly image: string;
  /** The evidence for {@link KernelLocation.kaslrShift}. */
  readonly kaslrShift: string;
}

/** A place at which a processor enters a kernel. */
export interface KernelEntry extends CpuEntry {
  /** Whether it is in the image of the kernel that the processor's page tables lead to. */
  readonly isInImage: boolean;
}
