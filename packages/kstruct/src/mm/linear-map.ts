import type {
  Architecture,
  OsiError,
  Page,
  PageMapping,
  PhysicalAddress,
  PhysicalMemory,
  VirtualAddress,
  VirtualMemory,
} from '@osi-linux/core';
import { PAGE_SIZE } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';

/**
 * The kernel's memory through its page tables, and past those that a damaged dump lacks.
 *
 * Kernels map all of RAM and their own image in one run each, so that the physical address is known without the tables:
 * the architecture knows where. This is used only if a table is missing from the dump, never if a page table
 * entry is not present.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const dump: Dump;
 * const memory = new LinearMapMemory(kernel.memory, dump.memory, kernel.info);
 * memory.translate(kernel.info['task.init_addr']) === kernel.memory.translate(kernel.info['task.init_addr']) // => true
 * ```
 */
export class LinearMapMemory implements VirtualMemory {
  private readonly tables: VirtualMemory;
  private readonly physical: PhysicalMemory;
  private readonly info: KernelInfo;
  private readonly end: PhysicalAddress;

  constructor(tables: VirtualMemory, physical: PhysicalMemory, info: KernelInfo) {
    this.tables = tables;
    this.physical = physical;
    this.info = info;
    this.end = physical.ranges.reduce((end, range) => Math.max(end, range.end), 0);
  }

  /** The processor architecture of the guest. */
  get architecture(): Architecture {
    return this.tables.architecture;
  }

  /** Physical address of the top page table. */
  get root(): PhysicalAddress {
    return this.tables.root;
  }

  /** The page that holds a virtual address, or `undefined`. */
  page(address: VirtualAddress): Page | undefined {
    const page = this.tables.page(address);
    if (page !== undefined) return page;
    const physical = this.pastMissingTable(address);
    return physical === undefined ? undefined : this.physical.page(Math.floor(physical / PAGE_SIZE));
  }

  /** The page that an address is mapped in by the tables, or `undefined` if they do not tell. */
  mapping(address: VirtualAddress): PageMapping | undefined {
    return this.tables.mapping?.(address);
  }

  /** Why {@link page} returns `undefined`. */
  fault(address: VirtualAddress): OsiError {
    const physical = this.pastMissingTable(address);
    if (physical === undefined) return this.tables.fault(address);
    return this.physical.hole(Math.floor(physical / PAGE_SIZE));
  }

  /** Physical address behind a virtual one, or `undefined` if it is not mapped. */
  translate(address: VirtualAddress): PhysicalAddress | undefined {
    return this.tables.translate(address) ?? this.pastMissingTable(address);
  }

  /** The same physical memory through another page-table root, tables only. */
  withRoot(root: PhysicalAddress): VirtualMemory {
    return this.tables.withRoot(root);
  }

  private pastMissingTable(address: VirtualAddress): PhysicalAddress | undefined {
    const physical = this.linear(address);
    if (physical === undefined || physical < 0n || physical >= this.end) return undefined;
    return this.tables.fault(address).code === 'PAGE_TABLE_MISSING' ? Number(physical) : undefined;
  }

  private linear(address: VirtualAddress): bigint | undefined {
    return this.architecture.linearPhysical(address, {
      physBase: this.info['kernel.phys_base'],
      pageOffset: this.info['kernel.page_offset_addr'],
    });
  }
}
