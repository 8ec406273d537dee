import { PAGE_SIZE, type VirtualAddress } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';

type Kernel = Guest['profile']['kernel'];
const PAGE = BigInt(PAGE_SIZE);

/** A word of the kernel's memory that holds an address of memory that the listings touch. */
export interface PointerWord {
  /** Where it is, virtual. */
  readonly address: VirtualAddress;
  readonly frame: number;
  readonly offset: number;
  readonly value: VirtualAddress;
}

/** The memory of a sound guest that the listings touch, and that the tests damage. */
export class TouchedMemory {
  /** Page frames, the page tables' and the processes' among them. */
  readonly frames: readonly number[];
  /** Words that point at other touched pages. */
  readonly pointers: readonly PointerWord[];
  /** Of these, the `next` of list entries: the word behind what they point at points back. */
  readonly links: readonly PointerWord[];

  /** `pages` are the pages of the kernel's address space that were asked for. */
  constructor(kernel: Kernel, frames: Iterable<number>, pages: ReadonlySet<VirtualAddress>) {
    this.frames = [...frames].sort((one, other) => one - other);
    this.pointers = [...eachPointer(kernel, pages)];
    const at = new Map(this.pointers.map((pointer) => [pointer.address, pointer.value]));
    const wordSize = BigInt(kernel.memory.architecture.wordSize);
    this.links = this.pointers.filter(({ address, value }) => at.get(value + wordSize) === address);
  }
}

function* eachPointer({ memory }: Kernel, pages: ReadonlySet<VirtualAddress>): Generator<PointerWord> {
  const { wordSize } = memory.architecture;
  for (const page of pages) {
    const view = memory.page(page)?.view;
    const physical = memory.translate(page);
    if (view === undefined || physical === undefined) continue;
    for (let offset = 0; offset < PAGE_SIZE; offset += wordSize) {
      const value = wordSize === 8 ? view.getBigUint64(offset, true) : BigInt(view.getUint32(offset, true));
      if (!pages.has(value - (value % PAGE))) continue;
      yield { address: page + BigInt(offset), frame: physical / PAGE_SIZE, offset, value };
    }
  }
}
