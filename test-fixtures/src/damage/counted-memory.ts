import type { Architecture, OsiError, Page, VirtualAddress, VirtualMemory } from '@osi-linux/core';

/** How often memory was asked for a page, and how often it may be. */
export class StepCount {
  /** So many pages were asked for. */
  steps = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts one. @throws Error where the limit is passed: the walk does not end. */
  add(): void {
    this.steps += 1;
    if (this.steps > this.limit) throw new Error(`more than ${this.limit} pages were asked for`);
  }
}

/** Virtual memory that counts every page that is asked for, in all address spaces. */
export class CountedMemory implements VirtualMemory {
  private readonly memory: VirtualMemory;
  private readonly count: StepCount;
  private readonly seen: ((address: VirtualAddress) => void) | undefined;

  /** `seen` is called with each address of this address space that is read. */
  constructor(memory: VirtualMemory, count: StepCount, seen?: (address: VirtualAddress) => void) {
    this.memory = memory;
    this.count = count;
    this.seen = seen;
  }

  get architecture(): Architecture {
    return this.memory.architecture;
  }

  get root(): number {
    return this.memory.root;
  }

  page(address: VirtualAddress): Page | undefined {
    this.count.add();
    this.seen?.(address);
    return this.memory.page(address);
  }

  fault(address: VirtualAddress): OsiError {
    return this.memory.fault(address);
  }

  translate(address: VirtualAddress): number | undefined {
    return this.memory.translate(address);
  }

  withRoot(root: number): VirtualMemory {
    return new CountedMemory(this.memory.withRoot(root), this.count);
  }
}
