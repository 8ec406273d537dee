import type { FakeVirtualMemory } from './fake-virtual-memory';

/** One entry of a tree that is made up: indices `first` to `last` hold `entry`. */
export interface FakeMapleEntry {
  readonly first: bigint;
  readonly last: bigint;
  readonly entry: bigint;
}

/** A node of a tree that was laid out. */
export interface FakeMapleNode {
  readonly address: bigint;
  readonly kind: 'leaf' | 'arange';
  /** How many slots are in use. */
  readonly slots: number;
}

const LAST_INDEX = 0xffffffffffffffffn;
const NODE_SIZE = 256n;
const WORD = 8n;
/** Where the pivots, the slots and the number of the last slot are in a node, as on 64-bit kernels. */
const LEAF = { type: 1n, pivots: 15, slots: 128n, end: 248n };
const ARANGE = { type: 3n, pivots: 9, slots: 80n, end: 240n };

interface Child {
  readonly entry: bigint;
  readonly last: bigint;
}

/** Lays out maple trees of 64-bit kernels in fake memory, by the rules of lib/maple_tree.c. */
export class FakeMapleTree {
  /** The keys of a profile that describe the layout. */
  static readonly info = {
    'maple_tree.ma_root_offset': 8,
    'maple_tree.ma_flags_offset': 4,
    'maple_tree.MT_FLAGS_HEIGHT_OFFSET': 2,
    'maple_tree.MT_FLAGS_HEIGHT_MASK': 0x7c,
    'maple_tree.maple_dense': 0,
    'maple_tree.maple_leaf_64': 1,
    'maple_tree.maple_range_64': 2,
    'maple_tree.maple_arange_64': 3,
    'maple_tree.MAPLE_NODE_SLOTS': 31,
    'maple_tree.MAPLE_RANGE64_SLOTS': 16,
    'maple_tree.MAPLE_ARANGE64_SLOTS': 10,
    'maple_node.slot_offset': 8,
    'maple_range_64.pivot_offset': 8,
    'maple_range_64.slot_offset': 128,
    'maple_range_64.meta_offset': 248,
    'maple_arange_64.pivot_offset': 8,
    'maple_arange_64.slot_offset': 80,
    'maple_arange_64.meta_offset': 240,
    'maple_metadata.end_offset': 0,
  } as const;
  /** Every node, leaves first. */
  readonly nodes: FakeMapleNode[] = [];
  private readonly memory: FakeVirtualMemory;
  private readonly tree: bigint;
  private next: bigint;

  /** `tree` is where the `maple_tree` is to be, `nodes` where there is space for its nodes. */
  constructor(memory: FakeVirtualMemory, tree: bigint, nodes: bigint) {
    this.memory = memory;
    this.tree = tree;
    this.next = nodes;
  }

  /** Lays out a tree of entries, which ascend and do not overlap, with at most so many slots in a leaf and above it. */
  build(entries: readonly FakeMapleEntry[], { leafSlots = 15, slots = 10 } = {}): void {
    let level = this.leaves(withGaps(entries), leafSlots);
    let height = 1;
    for (; level.length > 1; height += 1) level = this.above(level, slots);
    const root = level[0]?.entry ?? 0n;
    this.memory.writeWord(root & ~0xffn, this.tree | 1n);
    this.memory.writeWord(this.tree + 8n, root | 2n);
    this.memory.writeInt(this.tree + 4n, (height << 2) | 3);
  }

  private leaves(children: readonly Child[], size: number): Child[] {
    return chunks(children, size).map((part) => this.node(part, 'leaf'));
  }

  private above(children: readonly Child[], size: number): Child[] {
    return chunks(children, size).map((part) => this.node(part, 'arange'));
  }

  private node(children: readonly Child[], kind: FakeMapleNode['kind']): Child {
    const { type, pivots, slots, end } = kind === 'leaf' ? LEAF : ARANGE;
    const address = this.next;
    this.next += NODE_SIZE;
    for (let at = 0n; at < NODE_SIZE; at += WORD) this.memory.writeWord(address + at, 0n);
    if (children.length <= pivots) this.memory.writeInt(address + end, children.length - 1);
    children.forEach(({ entry, last }, slot) => {
      if (slot < pivots) this.memory.writeWord(address + WORD + BigInt(slot) * WORD, last);
      this.memory.writeWord(address + slots + BigInt(slot) * WORD, entry);
      if (kind === 'arange') this.memory.writeWord(entry & ~0xffn, address | (BigInt(slot) << 3n) | 6n);
    });
    if (kind === 'arange') this.memory.writeInt(address + end, children.length - 1);
    this.nodes.push({ address, kind, slots: children.length });
    return { entry: address | (type << 3n) | 4n, last: children[children.length - 1]?.last ?? LAST_INDEX };
  }
}

/** The slots of the leaves: entries, and a null for each run of indices between them. */
function withGaps(entries: readonly FakeMapleEntry[]): Child[] {
  const children: Child[] = [];
  let next = 0n;
  for (const { first, last, entry } of entries) {
    if (first > next) children.push({ entry: 0n, last: first - 1n });
    children.push({ entry, last });
    next = last + 1n;
  }
  if (next <= LAST_INDEX) children.push({ entry: 0n, last: LAST_INDEX });
  return children;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
