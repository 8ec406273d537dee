import {
  type Architecture,
  formatAddress,
  OsiError,
  type Page,
  type PageMapping,
  type PagePart,
  type PhysicalAddress,
  type SkippedLog,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';

/** A page at which page tables disagree. */
interface Disagreement {
  readonly rival: VirtualMemory;
  readonly address: VirtualAddress;
  /** How many pages in all. */
  pages: number;
}

/**
 * A kernel's memory where several page tables claim to be the kernel's own: it is read through one of them, and each page
 * that is read is looked up through the others too.
 *
 * A process of the guest can write page tables into its own memory. {@link report} names those that lead elsewhere.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const skipped = new SkippedLog();
 * const memory = new ContestedMemory(kernel.memory, [kernel.memory]);
 * memory.page(kernel.info['task.init_addr']) === kernel.memory.page(kernel.info['task.init_addr']) // => true
 * memory.report(skipped);
 * skipped.records.length // => 0
 * ```
 */
export class ContestedMemory implements VirtualMemory {
  private readonly memory: VirtualMemory;
  private readonly rivals: readonly VirtualMemory[];
  private readonly compared = new Set<bigint>();
  private readonly found = new Map<VirtualMemory, Disagreement>();

  /** `memory` is read; `rivals` is the same through other roots. */
  constructor(memory: VirtualMemory, rivals: readonly VirtualMemory[]) {
    this.memory = memory;
    this.rivals = rivals;
  }

  /** The processor architecture of the guest. */
  get architecture(): Architecture {
    return this.memory.architecture;
  }

  /** Physical address of the top page table that is read through. */
  get root(): PhysicalAddress {
    return this.memory.root;
  }

  /** The page that holds a virtual address, or `undefined`. */
  page(address: VirtualAddress): Page | undefined {
    this.compare(address);
    return this.memory.page(address);
  }

  /** The bytes of the page that holds a virtual address, if physical memory holds only a part of it. */
  parts(address: VirtualAddress): readonly PagePart[] {
    this.compare(address);
    return this.memory.parts?.(address) ?? [];
  }

  /** Why {@link page} returns `undefined`. */
  fault(address: VirtualAddress): OsiError {
    return this.memory.fault(address);
  }

  /** Physical address behind a virtual one, or `undefined` if it is not mapped. */
  translate(address: VirtualAddress): PhysicalAddress | undefined {
    this.compare(address);
    return this.memory.translate(address);
  }

  /** The mapping that holds a virtual address, if the memory knows its length. */
  mapping(address: VirtualAddress): PageMapping | undefined {
    this.compare(address);
    return this.memory.mapping?.(address);
  }

  /** The same physical memory through another page-table root, which nothing contests. */
  withRoot(root: PhysicalAddress): VirtualMemory {
    return this.memory.withRoot(root);
  }

  /** Adds a record `PAGE_TABLES_DISAGREE` for each of the other page tables that leads elsewhere for a page that was read. */
  report(skipped: SkippedLog): void {
    for (const { rival, address, pages } of this.found.values()) {
      const [own, other] = [this.memory, rival].map(({ root }) => formatAddress(root));
      const message = `page tables at physical ${own} and ${other} both claim to be this kernel's, and lead to other memory for ${pages} of the pages that were read, the first at ${formatAddress(address)}`;
      const reason = new OsiError('PAGE_TABLES_DISAGREE', message, {
        hint: 'one of them may be planted by a process of the guest: name the kernel by a dump with registers or VMCOREINFO, or by a section of this boot',
        fields: { root: this.memory.root, rival: rival.root, address, pages },
      });
      skipped.add({ kind: 'page-tables', address: BigInt(rival.root) }, reason);
    }
  }

  private compare(address: VirtualAddress): void {
    const page = address & ~BigInt(2 ** this.architecture.pageShift - 1);
    if (this.compared.has(page)) return;
    this.compared.add(page);
    const physical = this.memory.translate(page);
    if (physical === undefined) return;
    for (const rival of this.rivals) {
      const other = rival.translate(page);
      if (other === undefined || other === physical) continue;
      const known = this.found.get(rival);
      if (known === undefined) this.found.set(rival, { rival, address: page, pages: 1 });
      else known.pages += 1;
    }
  }
}
