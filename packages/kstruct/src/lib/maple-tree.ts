import { formatAddress, OsiError, type SkippedLog, type Subject, type VirtualAddress } from '@osi-linux/core';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { inconsistentNode, type MapleNode, readMapleNode } from './maple-node';

/** The entry of a maple tree for a run of indices. */
export interface MapleEntry {
  /** First index. */
  readonly first: bigint;
  /** Last index. */
  readonly last: bigint;
  /** The entry: in the tree of an address space, the address of a `vm_area_struct`. */
  readonly entry: VirtualAddress;
}

/** Bit 1 of `ma_root`, set if it is a node: MAPLE_ROOT_NODE, lib/maple_tree.c. */
const MAPLE_ROOT_NODE = 2n;
/** Entries below it whose low bits are `10` are reserved, as XA_ZERO_ENTRY: MAPLE_RESERVED_RANGE. */
const MAPLE_RESERVED_RANGE = 4096n;
/** The parent of the root is the tree itself, marked by bit 0: MA_ROOT_PARENT. */
const MA_ROOT_PARENT = 1n;
/** The parent of any other node has the slot from bit 3 on, and these bits: MAPLE_PARENT_RANGE64. */
const MAPLE_PARENT_RANGE64 = 6n;
const MAPLE_PARENT_SLOT_SHIFT = 3n;
/** No tree is higher: MAPLE_HEIGHT_MAX, include/linux/maple_tree.h. */
const MAPLE_HEIGHT_MAX = 31;

/**
 * Yields the entries of a maple tree, ascending. Empty and reserved slots are left out.
 *
 * Trusts no pointer: a node is entered when its `parent` names the slot that led to it, which also rules out cycles, and
 * a slot counts when its range is within that of its node. Each failure is reported to `skipped`, and the
 * walk goes on with the next slot.
 *
 * Corresponds to `mas_for_each`. Source: lib/maple_tree.c,
 * Linux commit 54a611b60590 ("Maple Tree: add new data structure") (in v6.1).
 *
 * @throws OsiError the fault of the tree's own page, or `PROFILE_KEY_MISSING`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const tree = offsetAddress(mm.address, requireKey(kernel.info, 'mm.mm_mt_offset'));
 * const entries = [...eachMapleEntry(kernel, tree, new SkippedLog())];
 * entries.length === mm.mapCount // => true
 * new Vma(kernel, entries[0].entry).start === entries[0].first // => true
 * ```
 */
export function* eachMapleEntry(
  kernel: Kernel,
  tree: VirtualAddress,
  skipped: SkippedLog,
): Generator<MapleEntry> {
  const entries = new MapleEntries(kernel, tree, skipped);
  for (let entry = entries.next(); entry !== undefined; entry = entries.next()) yield entry;
}

/** Corresponds to `xa_is_internal`. */
function isInternal(entry: bigint): boolean {
  return (entry & 3n) === 2n;
}

/** Corresponds to `mt_is_reserved`. */
function isReserved(entry: bigint): boolean {
  return entry < MAPLE_RESERVED_RANGE && isInternal(entry);
}

function lastIndex({ memory }: Kernel): bigint {
  return memory.architecture.wordSize === 8 ? 0xffffffffffffffffn : 0xffffffffn;
}

function nodeSubject(address: VirtualAddress): Subject {
  return { kind: 'tree-node', struct: 'maple_node', address };
}

/** Levels of nodes. A tree with nodes has at least one, so that 0 is damage, and the kernel's own bound serves. */
function readHeight({ info }: Kernel, tree: StructView): number {
  const flags = tree.u32(requireKey(info, 'maple_tree.ma_flags_offset'));
  const mask = requireKey(info, 'maple_tree.MT_FLAGS_HEIGHT_MASK');
  const height = (flags & mask) >>> requireKey(info, 'maple_tree.MT_FLAGS_HEIGHT_OFFSET');
  return height === 0 ? MAPLE_HEIGHT_MAX : height;
}

/** The entries that {@link eachMapleEntry} yields, without the cost of a generator for each entry. */
export class MapleEntries {
  private readonly kernel: Kernel;
  private readonly skipped: SkippedLog;
  /** The only entry of a tree without nodes. */
  private single: MapleEntry | undefined;
  private readonly height: number;
  /** The nodes between the root and the slot that is being read. */
  private readonly path: MapleNode[] = [];

  /** @throws OsiError as {@link eachMapleEntry}. */
  constructor(kernel: Kernel, tree: VirtualAddress, skipped: SkippedLog) {
    this.kernel = kernel;
    this.skipped = skipped;
    this.single = undefined;
    const view = new StructView(kernel.memory, tree);
    const root = view.word(requireKey(kernel.info, 'maple_tree.ma_root_offset'));
    const hasNodes = isInternal(root) && root > MAPLE_RESERVED_RANGE;
    this.height = hasNodes ? readHeight(kernel, view) : 0;
    if (root !== 0n && !isInternal(root)) this.single = { first: 0n, last: 0n, entry: root };
    if (hasNodes) this.enter(root & ~MAPLE_ROOT_NODE, tree | MA_ROOT_PARENT, 0n, lastIndex(kernel));
  }

  /** The next entry; `undefined` after the last one. */
  next(): MapleEntry | undefined {
    if (this.single !== undefined) return this.takeSingle();
    for (let node = this.path.at(-1); node !== undefined; node = this.path.at(-1)) {
      const found = this.step(node);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private takeSingle(): MapleEntry | undefined {
    const { single } = this;
    this.single = undefined;
    return single;
  }

  /** Goes on by one slot: gives an entry, goes down to a node, or leaves this one. */
  private step(node: MapleNode): MapleEntry | undefined {
    const { slot, first } = node;
    if (slot > node.end) {
      this.path.pop();
      return undefined;
    }
    const entry = node.entryAt(slot);
    const last = node.lastAt(slot);
    node.slot = slot + 1;
    node.first = last + 1n;
    if (node.isLeaf && (entry === 0n || isReserved(entry))) return undefined;
    if (first < node.min || first > last || last > node.max) this.refuseRange(node, slot, first, last);
    else if (node.isLeaf) return { first, last, entry };
    else {
      const parent = node.address | (BigInt(slot) << MAPLE_PARENT_SLOT_SHIFT) | MAPLE_PARENT_RANGE64;
      this.enter(entry, parent, first, last);
    }
    return undefined;
  }

  /**
   * Goes down to a node; its parent pointer must be `parent`, and it covers the range from `min` to `max`.
   */
  private enter(enode: bigint, parent: bigint, min: bigint, max: bigint): void {
    try {
      if (this.path.length >= this.height)
        throw inconsistentNode(enode, `deeper than the tree's height ${this.height}`);
      this.path.push(readMapleNode(this.kernel, { enode, parent, min, max }));
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      this.skipped.add(nodeSubject(enode), error);
    }
  }

  private refuseRange(node: MapleNode, slot: number, first: bigint, last: bigint): void {
    const range = `${formatAddress(first)} to ${formatAddress(last)}`;
    const outer = `${formatAddress(node.min)} to ${formatAddress(node.max)}`;
    const text = `slot ${slot} covers ${range}, which is outside the node's range ${outer}`;
    this.skipped.add(nodeSubject(node.address), inconsistentNode(node.address, text));
  }
}
