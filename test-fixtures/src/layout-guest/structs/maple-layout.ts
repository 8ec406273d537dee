import type { GuestMemory } from '../guest-memory';

/** An entry of a maple tree: it is stored for the indices from `first` to `last`. */
export interface MapleEntry {
  readonly first: bigint;
  readonly last: bigint;
  readonly entry: bigint;
}

interface Child {
  readonly entry: bigint;
  readonly last: bigint;
}

/** The types of nodes that an address space has: leaves, and nodes above them that know the gaps below. */
type Kind = 'range' | 'arange';

const NODE_SIZE = 256;
/** Fewer slots than a node has, so that a small tree has three levels. */
const SLOTS_IN_USE = 4;
/** MT_FLAGS_ALLOC_RANGE and MT_FLAGS_USE_RCU, include/linux/maple_tree.h. */
const MT_FLAGS = 3;
/** MAPLE_PARENT_ROOT and MAPLE_PARENT_RANGE64, and where the slot in the parent is: lib/maple_tree.c. */
const [PARENT_ROOT, PARENT_RANGE64, PARENT_SLOT_SHIFT] = [1n, 6n, 3n];

/** Lays out the entries of a maple tree, which ascend, by the rules of lib/maple_tree.c. `tree` is the `maple_tree`. */
export function layOutMapleTree(memory: GuestMemory, tree: bigint, entries: readonly MapleEntry[]): void {
  const { keys } = memory;
  let level = chunks(withGaps(memory, entries)).map((part) => layOutNode(memory, part, 'range'));
  let height = 1;
  for (; level.length > 1; height += 1)
    level = chunks(level).map((part) => layOutNode(memory, part, 'arange'));
  const root = level[0]?.entry ?? 0n;
  memory.writeWord(root & ~0xffn, tree | PARENT_ROOT);
  memory.writeWord(tree + BigInt(keys.number('maple_tree.ma_root_offset')), root | 2n);
  const flags = (height << keys.number('maple_tree.MT_FLAGS_HEIGHT_OFFSET')) | MT_FLAGS;
  memory.writeInt(tree + BigInt(keys.number('maple_tree.ma_flags_offset')), flags);
}

/** A node; the last index of each slot is its pivot, and the last slot in use is kept beside them. */
function layOutNode(memory: GuestMemory, children: readonly Child[], kind: Kind): Child {
  const { keys, wordSize } = memory;
  const offset = (member: string) => BigInt(keys.number(`maple_${kind}_64.${member}_offset`));
  const address = memory.allocate(NODE_SIZE, NODE_SIZE);
  memory.writeBytes(address, new Uint8Array(NODE_SIZE));
  for (const [slot, { entry, last }] of children.entries()) {
    const place = BigInt(slot * wordSize);
    memory.writeWord(address + offset('pivot') + place, last);
    memory.writeWord(address + offset('slot') + place, entry);
    const parent = address | (BigInt(slot) << PARENT_SLOT_SHIFT) | PARENT_RANGE64;
    if (kind === 'arange') memory.writeWord(entry & ~0xffn, parent);
  }
  const end = BigInt(keys.number('maple_metadata.end_offset'));
  memory.writeInt(address + offset('meta') + end, children.length - 1, 1);
  const type = keys.number(kind === 'range' ? 'maple_tree.maple_leaf_64' : 'maple_tree.maple_arange_64');
  return { entry: address | (BigInt(type) << 3n) | 4n, last: children[children.length - 1]?.last ?? 0n };
}

/** The slots of the leaves: the entries, and a null for each run of indices between them. */
function withGaps({ wordSize }: GuestMemory, entries: readonly MapleEntry[]): Child[] {
  const children: Child[] = [];
  let next = 0n;
  for (const { first, last, entry } of entries) {
    if (first > next) children.push({ entry: 0n, last: first - 1n });
    children.push({ entry, last });
    next = last + 1n;
  }
  return [...children, { entry: 0n, last: BigInt.asUintN(wordSize * 8, -1n) }];
}

function chunks(items: readonly Child[]): Child[][] {
  const parts: Child[][] = [];
  for (let at = 0; at < items.length; at += SLOTS_IN_USE) parts.push(items.slice(at, at + SLOTS_IN_USE));
  return parts;
}
