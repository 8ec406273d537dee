import { attempt, offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';

/** Where the hash of ids is, and how it counts. */
export interface PidHashTable {
  /** Its first chain, virtual. The value of `pid_hash`. */
  readonly base: VirtualAddress;
  /** It has 2 to the power of this chains. Corresponds to `pidhash_shift`. */
  readonly shift: number;
  /** Number of the chain of an id in a namespace. Corresponds to `pid_hashfn`. */
  indexOf(nr: number, namespace: VirtualAddress): number;
}

/** A task's id, and the pointer that leads to it: a chain of the table, or another id of that chain. */
interface Seed {
  readonly nr: number;
  readonly pprev: VirtualAddress;
}

/** How many tasks from each end of the task list are asked for the table: it needs no more than a few that agree. */
const SEEDS = 64;
/** `pidhash_shift` is 4 to 12 (`pidhash_init` in kernel/pid.c, with its limit of 4096 chains). */
const SHIFTS = Array.from({ length: 9 }, (_, index) => index + 4);

/**
 * The multipliers of `hash_long` by the bytes of a word: GOLDEN_RATIO_64 and GOLDEN_RATIO_32, and before them
 * GOLDEN_RATIO_PRIME_64 and GOLDEN_RATIO_PRIME_32 (include/linux/hash.h of Linux 4.15 and 2.6.32).
 */
const MULTIPLIERS: Readonly<Record<number, readonly bigint[]>> = {
  4: [0x61c88647n, 0x9e370001n],
  8: [0x61c8864680b583ebn, 0x9e37fffffffc0001n],
};

/**
 * Finds the hash of ids without its symbols, which no header declares and most kernels do not list: every id in it points
 * back at its chain, whose number `hash_long` gives. The place and size are those on which most of the listed tasks
 * agree.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` where no two tasks agree on one place, or as many on another.
 */
export function findPidHashTable(kernel: Kernel): PidHashTable {
  const { info, memory } = kernel;
  const { wordSize } = memory.architecture;
  const namespace = requireKey(info, 'pid_ns.init_pid_ns_addr');
  const seeds = [...new Map([...readSeeds(kernel, 0), ...readSeeds(kernel, wordSize)]).values()];
  const tables = (MULTIPLIERS[wordSize] ?? []).flatMap((multiplier) =>
    SHIFTS.map((shift) => mostAgreed(seeds, { multiplier, shift, wordSize, namespace })),
  );
  const [best, second] = tables.sort((one, other) => other.votes - one.votes);
  if (best !== undefined && best.votes > Math.max(1, second?.votes ?? 0)) return best.table;
  throw implausible({
    struct: 'pid_namespace',
    address: namespace,
    member: 'pid_hash',
    received: best?.votes ?? 0,
    expected: 'one place on which most of the listed tasks agree',
  });
}

interface Form {
  readonly multiplier: bigint;
  readonly shift: number;
  readonly wordSize: number;
  readonly namespace: VirtualAddress;
}

/** Where most of the tasks have the table, if this is its form, and how many they are. */
function mostAgreed(seeds: readonly Seed[], form: Form): { table: PidHashTable; votes: number } {
  const { shift, wordSize, namespace, multiplier } = form;
  const bits = wordSize * 8;
  const indexOf = (nr: number, ns: VirtualAddress) =>
    Number(BigInt.asUintN(bits, (BigInt(nr) + ns) * multiplier) >> BigInt(bits - shift));
  const votes = new Map<VirtualAddress, number>();
  let base = 0n;
  for (const { nr, pprev } of seeds) {
    const place = offsetAddress(pprev, -indexOf(nr, namespace) * wordSize);
    const count = (votes.get(place) ?? 0) + 1;
    votes.set(place, count);
    if (count > (votes.get(base) ?? 0)) base = place;
  }
  return { table: { base, shift, indexOf }, votes: votes.get(base) ?? 0 };
}

/** By its place in the list, the id of each task from one end of the list on, by `next` at 0 or `prev` at a word, as far as it can be read. */
function readSeeds(kernel: Kernel, direction: number): Map<VirtualAddress, Seed> {
  const { info, memory } = kernel;
  const tasks = requireKey(info, 'task.tasks_offset');
  const head = offsetAddress(requireKey(info, 'task.init_addr'), tasks);
  const seeds = new Map<VirtualAddress, Seed>();
  let entry = head;
  for (let count = 0; count < SEEDS; count += 1) {
    entry = attempt(
      () => new StructView(memory, entry).word(direction),
      () => head,
    );
    if (entry === head) break;
    const seed = attempt(
      () => readSeed(kernel, offsetAddress(entry, -tasks)),
      () => undefined,
    );
    if (seed !== undefined) seeds.set(entry, seed);
  }
  return seeds;
}

/** The id of a task in the first namespace, if its `struct pid` leads back to the task. */
function readSeed({ info, memory }: Kernel, task: VirtualAddress): Seed | undefined {
  const { wordSize } = memory.architecture;
  const link = offsetAddress(task, requireKey(info, 'task.pid_links_offset'));
  const tasks = new StructView(memory, link).word(wordSize);
  if (new StructView(memory, tasks).word(0) !== link) return undefined;
  const pid = offsetAddress(tasks, -requireKey(info, 'pid.tasks_offset'));
  const upid = new StructView(memory, offsetAddress(pid, requireKey(info, 'pid.numbers_offset')));
  if (upid.word(requireKey(info, 'upid.ns_offset')) !== requireKey(info, 'pid_ns.init_pid_ns_addr'))
    return undefined;
  const pprev = upid.word(requireKey(info, 'upid.pid_chain_offset') + wordSize);
  return { nr: upid.s32(requireKey(info, 'upid.nr_offset')), pprev };
}
