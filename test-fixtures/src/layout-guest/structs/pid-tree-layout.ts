import type { GuestMemory } from '../guest-memory';
import type { LinuxAge } from '../linux-age';
import { GuestStruct } from './guest-struct';

/** The tree of ids by the names of its keys, the newest first. */
export const PID_TREES = [
  { head: 'pid_ns.xa_head_offset', node: 'xa_node', chunk: 'xa_node.XA_CHUNK_SIZE' },
  { head: 'pid_ns.rnode_offset', node: 'radix_tree_node', chunk: 'radix_tree_node.RADIX_TREE_MAP_SIZE' },
] as const;

/** The order of the slots of a node, as a logarithm: 64 or 16 slots. */
type Form = (typeof PID_TREES)[number];

/** Lays out `init_pid_ns.idr`, from each id over `struct pid` to its task, where the section describes it. */
export function layOutPidTree(memory: GuestMemory, age: LinuxAge, pids: ReadonlyMap<number, bigint>): void {
  const { keys } = memory;
  const form = PID_TREES.find(({ head }) => keys.has(head));
  if (form === undefined) return;
  const namespace = new GuestStruct(memory, keys.address('pid_ns.init_pid_ns_addr'));
  const bits = Math.log2(keys.number(form.chunk));
  let shift = 0;
  while (Math.max(...pids.keys()) >> (shift + bits) > 0) shift += bits;
  const tree = { memory, form, tag: age.treeTag, bits };
  namespace.word(form.head, layOutNode(tree, pids, shift));
}

interface Tree {
  readonly memory: GuestMemory;
  readonly form: Form;
  readonly tag: bigint;
  readonly bits: number;
}

/** A node with the entries from its first index on; the pointer to it, as its parent has it. */
function layOutNode(tree: Tree, entries: ReadonlyMap<number, bigint>, shift: number): bigint {
  const { memory, form, tag, bits } = tree;
  const size = 2 ** bits;
  const slots = Array.from({ length: size }, () => new Map<number, bigint>());
  for (const [index, entry] of entries) slots[(index >> shift) % size]?.set(index, entry);
  const node = new GuestStruct(
    memory,
    memory.allocate(memory.keys.sizeOf(form.node) + size * memory.wordSize),
  );
  const head = node.at(`${form.node}.shift_offset`);
  memory.writeInt(head, shift, 1);
  memory.writeInt(head + 2n, slots.filter((slot) => slot.size > 0).length, 1);
  for (const [index, slot] of slots.entries()) {
    const [first] = slot.values();
    const value = slot.size === 0 ? 0n : shift === 0 ? (first ?? 0n) : layOutNode(tree, slot, shift - bits);
    memory.writeWord(node.at(`${form.node}.slots_offset`) + BigInt(index * memory.wordSize), value);
  }
  return node.address | tag;
}
