import {
  formatAddress,
  OsiError,
  type PhysicalAddress,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { KernelStruct } from './kernel-struct';

/**
 * A user address space. Corresponds to `mm_struct`.
 *
 * @example
 * ```ts
 * declare const task: Task;
 * task.mm.argEnd > task.mm.argStart // => true
 * task.mm.memory.root === task.mm.asid // => true
 * ```
 */
export class Mm extends KernelStruct {
  /** The top page table, as a virtual address of the kernel. Corresponds to `mm_struct.pgd`. */
  get pgd(): VirtualAddress {
    return this.word('mm.pgd_offset');
  }

  /** First byte of the arguments, in this address space. Corresponds to `mm_struct.arg_start`. */
  get argStart(): VirtualAddress {
    return this.word('mm.arg_start_offset');
  }

  /** First byte after the arguments. Corresponds to `mm_struct.arg_end`. */
  get argEnd(): VirtualAddress {
    return this.word('mm.arg_end_offset');
  }

  /** First byte of the environment. Corresponds to `mm_struct.env_start`. */
  get envStart(): VirtualAddress {
    return this.word('mm.env_start_offset');
  }

  /** First byte after the environment. Corresponds to `mm_struct.env_end`. */
  get envEnd(): VirtualAddress {
    return this.word('mm.env_end_offset');
  }

  /**
   * The physical address of the top page table: PANDA's `asid`.
   *
   * @throws OsiError `PGD_NOT_MAPPED` where the kernel's own page tables do not map it.
   */
  get asid(): PhysicalAddress {
    const { pgd } = this;
    const physical = this.kernel.memory.translate(pgd);
    if (physical !== undefined) return physical;
    throw new OsiError('PGD_NOT_MAPPED', `mm_struct.pgd ${formatAddress(pgd)} is not mapped`, {
      cause: this.kernel.memory.fault(pgd),
      fields: { mm: this.address, pgd },
    });
  }

  /** The guest's memory as this process sees it. */
  get memory(): VirtualMemory {
    return this.kernel.memory.withRoot(this.asid);
  }
}
