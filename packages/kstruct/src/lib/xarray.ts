import { OsiError, type SkippedLog, type Subject, type VirtualAddress } from '@osi-linux/core';
import { type Contradiction, implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, type KeyOf, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';

/** Slots of a node where the profile does not say: 64, or 16 in kernels built to be small. */
const XA_CHUNK_SIZE = 64;

/** A value up to here that looks like a node is not a node, but a sibling, a retry or a zero entry. */
const LARGEST_INTERNAL = 4096n;

/** An entry of the array with its index. */
export interface XarrayEntry {
  readonly index: number;
  /** The entry that is stored there, a pointer. */
  readonly entry: VirtualAddress;
}

/** How an age of kernels calls the parts of the tree, and by which keys its nodes are read. */
export interface XarrayForm {
  /** The member that is the head. */
  readonly head: string;
  /** The structure of a node. */
  readonly node: string;
  /** The two low bits of an entry that is a node. */
  readonly tag: bigint;
  readonly shift: KeyOf<number>;
  readonly slots: KeyOf<number>;
  readonly chunk: KeyOf<number>;
}

/** Since Linux commit f8d5d0cc145c ("xarray: Add definition of struct xarray") (in v4.20). */
export const XARRAY: XarrayForm = {
  head: 'xa_head',
  node: 'xa_node',
  tag: 2n,
  shift: 'xa_node.shift_offset',
  slots: 'xa_node.slots_offset',
  chunk: 'xa_node.XA_CHUNK_SIZE',
};

/**
 * Before it: the shift, the slot in the parent and the count lie together in these nodes too. The tag is that before
 * Linux commit 3159f943aafd ("xarray: Replace exceptional entries") (in v4.20).
 */
export const RADIX_TREE: XarrayForm = {
  head: 'rnode',
  node: 'radix_tree_node',
  tag: 1n,
  shift: 'radix_tree_node.shift_offset',
  slots: 'radix_tree_node.slots_offset',
  chunk: 'radix_tree_node.RADIX_TREE_MAP_SIZE',
};

/** A tree to walk. */
export interface Xarray {
  readonly form: XarrayForm;
  /** The word `xa_head` or `rnode` itself. */
  readonly head: VirtualAddress;
  /** The name of the array in a report. */
  readonly name: string;
  /** First index that it cannot have. */
  readonly end: number;
}

interface Node {
  readonly address: VirtualAddress;
  readonly firstIndex: number;
  /** The shift that it must have; any for the top. */
  readonly shift: number | undefined;
}

/**
 * Yields the pointers that an xarray stores, ascending by index.
 *
 * Each node must lie one level below its parent, and is visited once.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` where the head is no tree.
 */
export function* eachXarrayEntry(kernel: Kernel, array: Xarray, skipped: SkippedLog): Generator<XarrayEntry> {
  const { form, head } = array;
  if ((head & 3n) === 0n && head !== 0n) {
    yield { index: 0, entry: head };
    return;
  }
  if ((head & 3n) !== form.tag || head <= LARGEST_INTERNAL)
    throw implausible({
      struct: array.name,
      address: head,
      member: form.head,
      received: head,
      expected: 'a node',
    });
  const walk = new XarrayWalk(kernel, array, skipped);
  yield* walk.below({ address: head - form.tag, firstIndex: 0, shift: undefined });
}

class XarrayWalk {
  private readonly kernel: Kernel;
  private readonly array: Xarray;
  private readonly skipped: SkippedLog;
  private readonly slots: number;
  private readonly bits: number;
  private readonly seen = new Set<VirtualAddress>();

  constructor(kernel: Kernel, array: Xarray, skipped: SkippedLog) {
    const { chunk } = array.form;
    const slots = kernel.info[chunk] ?? XA_CHUNK_SIZE;
    if (slots !== 64 && slots !== 16) {
      throw new OsiError('STRUCT_IMPLAUSIBLE', `${chunk} is ${slots}, expected 16 or 64`, {
        hint: 'the profile is of another kernel',
      });
    }
    this.kernel = kernel;
    this.array = array;
    this.skipped = skipped;
    this.slots = slots;
    this.bits = Math.log2(slots);
  }

  *below(node: Node): Generator<XarrayEntry> {
    const read = this.skipped.attempt(
      () => ({ ...this.subjectOf(node), first: node.firstIndex }),
      () => this.read(node),
    );
    if (read === null) return;
    const { shift, slots, count } = read;
    const { tag } = this.array.form;
    const used = slots.filter((entry) => entry !== 0n).length;
    // A node without entries is taken out of the tree.
    if (used !== count || used === 0)
      this.report(node.address, { member: 'count', received: count, expected: `${used}, its slots in use` });
    for (const [slot, entry] of slots.entries()) {
      const index = node.firstIndex + slot * 2 ** shift;
      if (entry === 0n) continue;
      if ((entry & 3n) === 0n) {
        if (shift === 0 && index < this.array.end) yield { index, entry };
        else this.reportSlot(node, slot, entry);
      } else if ((entry & 3n) !== tag) this.reportSlot(node, slot, entry);
      else if (entry > LARGEST_INTERNAL)
        yield* this.below({ address: entry - tag, firstIndex: index, shift: shift - this.bits });
    }
  }

  private read({ address, firstIndex, shift: expected }: Node): {
    shift: number;
    slots: bigint[];
    count: number;
  } {
    const { info, memory } = this.kernel;
    const { form } = this.array;
    const struct = form.node;
    requirePointer(this.kernel, address, { struct, address, member: 'its address' });
    if (this.seen.has(address) || firstIndex >= this.array.end) {
      const member = 'first index';
      throw implausible({
        struct,
        address,
        member,
        received: firstIndex,
        expected: 'another place in the tree',
      });
    }
    this.seen.add(address);
    const view = new StructView(memory, address);
    // shift, the node's slot in its parent, and how many slots are in use, a byte each.
    const [shift = 0, , count = 0] = view.bytes(requireKey(info, form.shift), 3);
    const deepest = Math.ceil(Math.log2(this.array.end));
    const fits = expected === undefined ? shift % this.bits === 0 && shift <= deepest : shift === expected;
    if (!fits) {
      const wanted =
        expected === undefined ? `a multiple of ${this.bits}, at most ${deepest}` : String(expected);
      throw implausible({ struct, address, member: 'shift', received: shift, expected: wanted });
    }
    const first = requireKey(info, form.slots);
    const word = memory.architecture.wordSize;
    const slots = Array.from({ length: this.slots }, (_, slot) => view.word(first + slot * word));
    return { shift, slots, count };
  }

  private subjectOf({ address }: Pick<Node, 'address'>): Subject {
    return { kind: 'tree-node', name: this.array.name, address };
  }

  private reportSlot({ address }: Node, slot: number, received: bigint): void {
    this.report(address, {
      member: `slots[${slot}]`,
      received,
      expected: 'a pointer or a node of the level below',
    });
  }

  private report(
    address: VirtualAddress,
    found: Pick<Contradiction, 'member' | 'received' | 'expected'>,
  ): void {
    this.skipped.add(
      this.subjectOf({ address }),
      implausible({ struct: this.array.form.node, address, ...found }),
    );
  }
}
