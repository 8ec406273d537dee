import type { Architecture, VirtualMemory } from '@osi-linux/core';
import type { Vmcoreinfo } from '../locate/vmcoreinfo';
import type { SymbolTable } from '../tables/symbol-table';
import type { TypeSource } from '../types/type-source';

/** The facts that a section reports about the form of paging; a form of `x86-mmu` fits. */
export interface DerivedPaging {
  /** Its name: `4-level`. */
  readonly name: string;
  /** Its levels; the section has their number. */
  readonly levels: readonly unknown[];
  /** The architecture that it belongs to. */
  readonly architecture: Architecture;
}

/** The sources that a section is derived from. */
export interface DerivationSources {
  /** The kernel's types. */
  readonly types: TypeSource;
  /** The kernel's symbols; each address virtual, as the running kernel has it. */
  readonly symbols: Pick<SymbolTable, 'lookup'>;
  /**
   * The running kernel's memory through its own page tables; without it the values that differ from boot to
   * boot are left out.
   */
  readonly memory?: VirtualMemory;
  /** The form of paging, and where the kernel's image is in physical memory; as `memory`. */
  readonly location?: {
    /** The form of paging. */
    readonly form: DerivedPaging;
    /**
     * The number that is added to an address of the image, less where images are mapped, for the physical
     * one.
     */
    readonly physBase: bigint;
  };
  /** The kernel's VMCOREINFO note, for values that the symbols lack. */
  readonly vmcoreinfo?: Pick<Vmcoreinfo, 'address'>;
  /** `RELEASE|VERSION|MACHINE`, for memory that does not contain it. */
  readonly name?: string | undefined;
  /**
   * Whether all this comes from the kernel's files, `memory` too, which then is its image before it has
   * booted. Then the values that each boot decides anew are left out, and `task.per_cpu_offset_0_addr`, which
   * PANDA needs to load a section, is 0.
   */
  readonly fromFiles?: boolean;
}
