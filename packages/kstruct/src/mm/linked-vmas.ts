import { type OsiError, offsetAddress, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import type { Mm } from './mm';
import { Vma, vmaSubject } from './vma';

/** More mappings than an address space can have: sysctl_max_map_count is 65530 unless it was raised. */
export const MAPPING_LIMIT = 4 * 1024 * 1024;
/** More levels than a red-black tree of so many entries has: twice the binary logarithm. */
const RB_DEPTH_LIMIT = 64;
/** Bits 0 and 1 of `__rb_parent_color` are not part of the parent's address: include/linux/rbtree.h. */
const RB_PARENT = ~3n;

/** The mappings of an address space of kernels before v6.1, by the three ways that lead to each of them. */
export class LinkedVmas {
  private readonly kernel: Kernel;
  private readonly mm: Mm;
  private readonly problems: SkippedLog;

  constructor(kernel: Kernel, mm: Mm, problems: SkippedLog) {
    this.kernel = kernel;
    this.mm = mm;
    this.problems = problems;
  }

  /** All mappings, in no order. Those of the list where there are `count`, else all that is found besides. */
  find(count: number | undefined): ReadonlyMap<VirtualAddress, Vma> {
    const list = this.followList();
    if (count === list.size || (count === undefined && this.problems.records.length === 0)) return list;
    const tree = this.climbTree();
    if (tree.size === count) return tree;
    return this.joinNeighbours(new Map([...tree, ...list]));
  }

  /** Follows `vm_next` for as long as it leads to mappings of this address space that were not seen. */
  private followList(): Map<VirtualAddress, Vma> {
    const found = new Map<VirtualAddress, Vma>();
    let at = this.word(this.mm.address, requireKey(this.kernel.info, 'mm.mmap_offset'));
    while (at !== 0n && at !== null && found.size < MAPPING_LIMIT) {
      if (found.has(at)) {
        this.problems.add(vmaSubject(at), cyclic(at));
        break;
      }
      const vma = this.read(at);
      if (vma === null) break;
      found.set(at, vma);
      at = this.word(at, requireKey(this.kernel.info, 'vma.vm_next_offset'));
    }
    return found;
  }

  /**
   * Goes through `mm_rb` as far as each node's `__rb_parent_color` names the one above.
   *
   * The order of `__rb_parent_color`, `rb_right`, `rb_left` is that of `struct rb_node` in all kernels with this tree.
   */
  private climbTree(): Map<VirtualAddress, Vma> {
    const found = new Map<VirtualAddress, Vma>();
    const { info, memory } = this.kernel;
    const { 'mm.mm_rb_offset': rootOffset, 'vma.vm_rb_offset': nodeOffset } = info;
    if (rootOffset === undefined || nodeOffset === undefined) return found;
    const { wordSize } = memory.architecture;
    const visit = (node: VirtualAddress | null, parent: VirtualAddress, depth: number): void => {
      if (node === null || node === 0n || depth > RB_DEPTH_LIMIT || found.size >= MAPPING_LIMIT) return;
      const address = offsetAddress(node, -nodeOffset);
      const above = this.word(node, 0);
      if (above === null || (above & RB_PARENT) !== parent || found.has(address)) return;
      const vma = this.read(address);
      if (vma !== null) found.set(address, vma);
      visit(this.word(node, 2 * wordSize), node, depth + 1);
      visit(this.word(node, wordSize), node, depth + 1);
    };
    visit(this.word(this.mm.address, rootOffset), 0n, 0);
    return found;
  }

  /** Adds the neighbours of the mappings that were found, if each of two points to the other one. */
  private joinNeighbours(found: Map<VirtualAddress, Vma>): Map<VirtualAddress, Vma> {
    const next = requireKey(this.kernel.info, 'vma.vm_next_offset');
    const prev = this.kernel.info['vma.vm_prev_offset'];
    if (prev === undefined) return found;
    const join = (from: VirtualAddress, ahead: number, back: number): void => {
      const neighbour = this.word(from, ahead);
      if (neighbour === null || neighbour === 0n || found.has(neighbour)) return;
      if (this.word(neighbour, back) !== from) return;
      const vma = this.read(neighbour);
      if (vma !== null) found.set(neighbour, vma);
    };
    // Mappings that are added on the way are visited as well.
    for (const address of found.keys()) {
      if (found.size >= MAPPING_LIMIT) break;
      join(address, next, prev);
      join(address, prev, next);
    }
    return found;
  }

  private read(address: VirtualAddress): Vma | null {
    return this.problems.attempt(
      () => vmaSubject(address),
      () => {
        const vma = new Vma(this.kernel, address);
        vma.validate(this.mm.address);
        return vma;
      },
    );
  }

  private word(address: VirtualAddress, offset: number): VirtualAddress | null {
    return this.problems.attempt(
      () => vmaSubject(address),
      () => new StructView(this.kernel.memory, address).word(offset),
    );
  }
}

function cyclic(address: VirtualAddress): OsiError {
  return implausible({
    struct: 'vm_area_struct',
    address,
    member: 'vm_next',
    received: address,
    expected: 'a mapping that was not seen before',
  });
}
