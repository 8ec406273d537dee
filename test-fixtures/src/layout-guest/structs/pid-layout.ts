import type { GuestMemory } from '../guest-memory';
import type { LinuxAge } from '../linux-age';
import { GuestStruct } from './guest-struct';
import { layOutPidTree, PID_TREES } from './pid-tree-layout';
import type { TaskLayout } from './task-layout';

/** The members of an id in the hash. */
const HASH_KEYS = ['pid.numbers_offset', 'upid.nr_offset', 'upid.ns_offset', 'upid.pid_chain_offset'];
/** `pidhash_shift`: the hash has 2 to the power of this chains. */
const HASH_SHIFT = 10;

/** Whether the section describes the table of ids: a tree, or a hash before v4.15. */
export function hasPidKeys({ keys }: GuestMemory): boolean {
  return PID_TREES.some(({ head }) => keys.has(head)) || keys.has('task.pid_links_offset', ...HASH_KEYS);
}

/** Lays out the table of ids, and from each id over `struct pid` the way to its task. */
export function layOutPids(memory: GuestMemory, age: LinuxAge, tasks: readonly TaskLayout[]): void {
  if (!hasPidKeys(memory)) return;
  const known = tasks.filter(({ plan }) => plan.pid > 0);
  const pids = new Map(known.map((task) => [task.plan.pid, layOutPid(memory, task)]));
  if (PID_TREES.some(({ head }) => memory.keys.has(head))) layOutPidTree(memory, age, pids);
  else layOutPidHash(memory, age, pids);
}

/** A `struct pid`, whose list of tasks and whose task point at each other. */
function layOutPid(memory: GuestMemory, { address, plan }: TaskLayout): bigint {
  const pid = new GuestStruct(
    memory,
    memory.allocate(memory.keys.sizeOf('pid') + memory.keys.sizeOf('upid')),
  );
  const tasks = pid.at('pid.tasks_offset');
  const link = new GuestStruct(memory, address).at('task.pid_links_offset');
  memory.writeWord(tasks, link);
  memory.writeWord(link, 0n);
  memory.writeWord(link + BigInt(memory.wordSize), tasks);
  if (memory.keys.has('pid.numbers_offset'))
    new GuestStruct(memory, pid.at('pid.numbers_offset'))
      .int('upid.nr_offset', plan.pid)
      .word('upid.ns_offset', memory.keys.address('pid_ns.init_pid_ns_addr'));
  return pid.address;
}

/** `pid_hash`: chains of ids, the newest first, whose number `hash_long` gives. */
function layOutPidHash(memory: GuestMemory, age: LinuxAge, pids: ReadonlyMap<number, bigint>): void {
  const { keys, wordSize } = memory;
  const namespace = keys.address('pid_ns.init_pid_ns_addr');
  const bits = wordSize * 8;
  const base = memory.allocate(2 ** HASH_SHIFT * wordSize);
  memory.writeBytes(base, new Uint8Array(2 ** HASH_SHIFT * wordSize));
  const firsts = new Map<bigint, bigint>();
  for (const [nr, address] of pids) {
    const hash = BigInt.asUintN(bits, (BigInt(nr) + namespace) * age.hashMultiplier[wordSize]);
    const chain = base + (hash >> BigInt(bits - HASH_SHIFT)) * BigInt(wordSize);
    const upid = new GuestStruct(memory, address + BigInt(keys.number('pid.numbers_offset')));
    const node = upid.at('upid.pid_chain_offset');
    const next = firsts.get(chain) ?? 0n;
    memory.writeWord(node, next);
    memory.writeWord(node + BigInt(wordSize), chain);
    if (next !== 0n) memory.writeWord(next + BigInt(wordSize), node);
    memory.writeWord(chain, node);
    firsts.set(chain, node);
  }
}
