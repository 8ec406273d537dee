import { offsetAddress, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { findPidHashTable, type PidHashTable } from './pid-hash-table';
import type { PidEntry } from './struct-pid';

/** The keys without which the hash cannot be read. */
export const PID_HASH_KEYS = [
  'pid_ns.init_pid_ns_addr',
  'pid.tasks_offset',
  'pid.numbers_offset',
  'upid.nr_offset',
  'upid.ns_offset',
  'upid.pid_chain_offset',
  'task.pid_links_offset',
  'task.init_addr',
  'task.tasks_offset',
] as const satisfies readonly (keyof KernelInfo)[];

/** More ids than all namespaces of a kernel together have: PID_MAX_LIMIT (include/linux/threads.h), in each of 32 levels. */
const NODE_LIMIT = 32 * 4 * 1024 * 1024;

/**
 * Yields the ids of the first namespace in `pid_hash`, ascending: the table of ids before
 * Linux commit e8cfbc245e24 ("pid: remove pidhash") (in v4.15).
 *
 * @throws OsiError `PROFILE_KEY_MISSING` for one of {@link PID_HASH_KEYS}, `STRUCT_IMPLAUSIBLE` where the place of the
 * table cannot be found.
 */
export function* eachPidInHash(kernel: Kernel, skipped: SkippedLog): Generator<PidEntry> {
  for (const key of PID_HASH_KEYS) requireKey(kernel.info, key);
  const table = findPidHashTable(kernel);
  const walk = new HashWalk(kernel, table);
  for (let index = 0; index < 2 ** table.shift; index += 1) {
    const bucket = offsetAddress(table.base, index * kernel.memory.architecture.wordSize);
    skipped.attempt(
      () => ({ kind: 'list', name: 'pid_hash', address: bucket }),
      () => walk.readChain(bucket, index),
    );
  }
  yield* walk.found.sort((one, other) => one.id - other.id);
}

/** Gathers the ids of all chains. */
class HashWalk {
  readonly found: PidEntry[] = [];
  private readonly kernel: Kernel;
  private readonly table: PidHashTable;
  private readonly seen = new Set<VirtualAddress>();
  private readonly namespace: VirtualAddress;
  private readonly numbers: number;
  private readonly nr: number;
  private readonly ns: number;
  private readonly chain: number;

  constructor(kernel: Kernel, table: PidHashTable) {
    const { info } = kernel;
    this.kernel = kernel;
    this.table = table;
    this.namespace = requireKey(info, 'pid_ns.init_pid_ns_addr');
    this.numbers = requireKey(info, 'pid.numbers_offset');
    this.nr = requireKey(info, 'upid.nr_offset');
    this.ns = requireKey(info, 'upid.ns_offset');
    this.chain = requireKey(info, 'upid.pid_chain_offset');
  }

  /** Follows an hlist: every node points back at the pointer that leads to it, and has an id of this chain. */
  readChain(bucket: VirtualAddress, index: number): void {
    const { memory } = this.kernel;
    let link = bucket;
    let node = new StructView(memory, bucket).word(0);
    while (node !== 0n) {
      this.visit(link, node);
      const address = offsetAddress(node, -this.chain);
      const view = new StructView(memory, address);
      this.validate(view, link, index);
      if (view.word(this.ns) === this.namespace)
        this.found.push({ id: view.s32(this.nr), address: offsetAddress(address, -this.numbers) });
      link = node;
      node = view.word(this.chain);
    }
  }

  private visit(link: VirtualAddress, node: VirtualAddress): void {
    const holder = { struct: 'hlist_node', address: link, member: 'next' };
    requirePointer(this.kernel, node, holder);
    if (this.seen.has(node) || this.seen.size >= NODE_LIMIT)
      throw implausible({ ...holder, received: node, expected: 'a node that was not visited before' });
    this.seen.add(node);
  }

  private validate(view: StructView, link: VirtualAddress, index: number): void {
    const holder = { struct: 'upid', address: view.address };
    const pprev = view.word(this.chain + this.kernel.memory.architecture.wordSize);
    if (pprev !== link)
      throw implausible({
        ...holder,
        member: 'pid_chain.pprev',
        received: pprev,
        expected: 'the pointer that leads to it',
      });
    const nr = view.s32(this.nr);
    if (this.table.indexOf(nr, view.word(this.ns)) === index) return;
    throw implausible({ ...holder, member: 'nr', received: nr, expected: 'an id of this chain of the hash' });
  }
}
