import { formatAddress, OsiError, type VirtualAddress } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';

/** Low bits of an encoded node, which lies at a multiple of 256: MAPLE_NODE_MASK. */
const MAPLE_NODE_MASK = 255n;
/** The type is in bits 3 to 6 of it: MAPLE_ENODE_TYPE_SHIFT and MAPLE_NODE_TYPE_MASK, lib/maple_tree.c. */
const MAPLE_ENODE_TYPE_SHIFT = 3;
const MAPLE_NODE_TYPE_MASK = 15;

/** How nodes of one type are laid out, in bytes from the node's start. */
interface NodeForm {
  readonly isLeaf: boolean;
  readonly slots: number;
  /** Last index of each slot but the last, which ends with the node; no pivots: a slot an index. */
  readonly pivots: number;
  readonly pivotOffset: number;
  readonly slotOffset: number;
  /** Where the number of the last slot in use is; a leaf or range node has it only while its last pivot is 0. */
  readonly endOffset: number;
  readonly alwaysHasEnd: boolean;
}

/** The pointer to a node, and the conditions that must hold for it. */
interface Enode {
  /** Address and type of the node. */
  readonly enode: bigint;
  /** The value that its parent pointer must have. */
  readonly parent: bigint;
  /** First and last index that it covers. */
  readonly min: bigint;
  readonly max: bigint;
}

/** One node of a maple tree, with how far it has been read. Corresponds to `maple_node`. */
export class MapleNode {
  readonly address: VirtualAddress;
  readonly min: bigint;
  readonly max: bigint;
  /** The last slot in use. */
  readonly end: number;
  readonly isLeaf: boolean;
  /** The slot to read next, and its first index. */
  slot: number;
  first: bigint;
  private readonly view: StructView;
  private readonly form: NodeForm;
  private readonly wordSize: number;

  constructor(view: StructView, form: NodeForm, { min, max }: Enode) {
    this.address = view.address;
    this.min = min;
    this.max = max;
    this.first = min;
    this.isLeaf = form.isLeaf;
    this.view = view;
    this.form = form;
    this.wordSize = view.memory.architecture.wordSize;
    this.slot = 0;
    this.end = this.readEnd();
  }

  entryAt(slot: number): bigint {
    return this.view.word(this.form.slotOffset + slot * this.wordSize);
  }

  /** Last index of a slot. Corresponds to `mas_logical_pivot`: a pivot of 0 past the first slot ends the node. */
  lastAt(slot: number): bigint {
    const { pivots } = this.form;
    if (pivots === 0) return this.min + BigInt(slot);
    if (slot >= pivots) return this.max;
    return this.pivotAt(slot) || (slot === 0 ? 0n : this.max);
  }

  private pivotAt(slot: number): bigint {
    return this.view.word(this.form.pivotOffset + slot * this.wordSize);
  }

  /** Corresponds to `ma_data_end`. */
  private readEnd(): number {
    const { slots, pivots, endOffset, alwaysHasEnd } = this.form;
    if (pivots === 0) {
      const room = this.max - this.min;
      return room < slots ? Number(room) : slots - 1;
    }
    const lastPivot = alwaysHasEnd ? 0n : this.pivotAt(pivots - 1);
    if (lastPivot !== 0n) return lastPivot === this.max ? pivots - 1 : pivots;
    return this.view.u32(endOffset) & 0xff;
  }
}

/**
 * Reads the head of a node.
 *
 * @throws OsiError `MAPLE_NODE_INCONSISTENT` for what is no node, or hangs elsewhere; the fault of a missing page.
 */
export function readMapleNode(kernel: Kernel, enode: Enode): MapleNode {
  const address = enode.enode & ~MAPLE_NODE_MASK;
  if (!kernel.memory.architecture.isKernelAddress(address))
    throw inconsistentNode(address, 'not an address of the kernel');
  const type = (Number(enode.enode & MAPLE_NODE_MASK) >> MAPLE_ENODE_TYPE_SHIFT) & MAPLE_NODE_TYPE_MASK;
  const form = formsOf(kernel).get(type);
  if (form === undefined) throw inconsistentNode(address, `type ${type} is not a node type`);
  const view = new StructView(kernel.memory, address);
  const parent = view.word(0);
  if (parent !== enode.parent)
    throw inconsistentNode(
      address,
      `parent is ${formatAddress(parent)}, expected ${formatAddress(enode.parent)}`,
    );
  const node = new MapleNode(view, form, enode);
  if (node.end >= form.slots) throw inconsistentNode(address, `last slot is ${node.end} of ${form.slots}`);
  return node;
}

const knownForms = new WeakMap<KernelInfo, ReadonlyMap<number, NodeForm>>();

function formsOf({ info, memory }: Kernel): ReadonlyMap<number, NodeForm> {
  const known = knownForms.get(info);
  if (known !== undefined) return known;
  const forms = makeForms(info, memory.architecture.wordSize);
  knownForms.set(info, forms);
  return forms;
}

function makeForms(info: KernelInfo, wordSize: number): ReadonlyMap<number, NodeForm> {
  const end = requireKey(info, 'maple_metadata.end_offset');
  const rangeSlots = requireKey(info, 'maple_tree.MAPLE_RANGE64_SLOTS');
  const arangeSlots = requireKey(info, 'maple_tree.MAPLE_ARANGE64_SLOTS');
  const range = {
    slots: rangeSlots,
    pivots: rangeSlots - 1,
    pivotOffset: requireKey(info, 'maple_range_64.pivot_offset'),
    slotOffset: requireKey(info, 'maple_range_64.slot_offset'),
    endOffset: requireKey(info, 'maple_range_64.meta_offset') + end,
    alwaysHasEnd: false,
  };
  const arange = {
    slots: arangeSlots,
    pivots: arangeSlots - 1,
    pivotOffset: requireKey(info, 'maple_arange_64.pivot_offset'),
    slotOffset: requireKey(info, 'maple_arange_64.slot_offset'),
    endOffset: requireKey(info, 'maple_arange_64.meta_offset') + end,
    alwaysHasEnd: true,
  };
  const dense = {
    slots: requireKey(info, 'maple_tree.MAPLE_NODE_SLOTS'),
    pivots: 0,
    pivotOffset: wordSize,
    slotOffset: requireKey(info, 'maple_node.slot_offset'),
    endOffset: 0,
    alwaysHasEnd: false,
  };
  return new Map<number, NodeForm>([
    [requireKey(info, 'maple_tree.maple_dense'), { ...dense, isLeaf: true }],
    [requireKey(info, 'maple_tree.maple_leaf_64'), { ...range, isLeaf: true }],
    [requireKey(info, 'maple_tree.maple_range_64'), { ...range, isLeaf: false }],
    [requireKey(info, 'maple_tree.maple_arange_64'), { ...arange, isLeaf: false }],
  ]);
}

/** The error for a node that is impossible, or that an impossible pointer leads to. */
export function inconsistentNode(address: VirtualAddress, text: string): OsiError {
  return new OsiError('MAPLE_NODE_INCONSISTENT', `maple_node ${formatAddress(address)}: ${text}`, {
    hint: 'the dump is damaged there, or the guest ran while it was dumped',
    fields: { address },
  });
}
