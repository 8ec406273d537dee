import type {
  Architecture,
  OsiError,
  Page,
  PhysicalAddress,
  PhysicalMemory,
  VirtualAddress,
  VirtualMemory,
} from '@osi-linux/core';
import { isImageAddress, PAGE_SIZE, START_KERNEL_MAP } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';

/**
 * Physical address behind a virtual one of the image of an x86_64 kernel.
 *
 * `physBase` is what the image's physical address differs by from its link-time one; it may be negative.
 * Corresponds to `__phys_addr_nodebug`, arch/x86/include/asm/page_64.h.
 *
 * @example
 * ```ts
 * imagePhysical(0xffffffff81000000n, -0x200000n) // => 0xe00000n
 * ```
 */
export function imagePhysical(address: VirtualAddress, physBase: bigint): bigint {
  return address - START_KERNEL_MAP + physBase;
}

/**
 * The kernel's memory through its page tables, and past those that a damaged dump lacks.
 *
 * The kernel maps all of RAM (from PAGE_OFFSET) and its own image (from __START_KERNEL_map) in one run each, so that
 * the physical address is known without the tables. This is used only where a table is missing from the dump, never
 * where an entry says that a page is not present. Source: Documentation/arch/x86/x86_64/mm.rst.
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

  /** Why {@link page} says `undefined`. */
  fault(address: VirtualAddress): OsiError {
    const physical = this.pastMissingTable(address);
    return physical === undefined ? this.tables.fault(address) : this.physical.hole(physical);
  }

  /** Physical address behind a virtual one, or `undefined` where it is not mapped. */
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
    const physBase = this.info['kernel.phys_base'];
    if (physBase !== undefined && isImageAddress(address)) return imagePhysical(address, BigInt(physBase));
    const pageOffset = this.info['kernel.page_offset_addr'];
    return pageOffset === undefined ? undefined : address - pageOffset;
  }
}
