import type { SkippedLog } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import type { Kernel } from '../kernel/kernel';
import { eachPidInHash, PID_HASH_KEYS } from './pid-hash';
import { eachPidInTree, pidTreeKeys } from './pid-tree';
import { readTaskOfPid } from './struct-pid';
import type { Task } from './task';

/** The name of a kernel's table of ids: its tree, or the hash of kernels before v4.15. */
export type PidTableName = 'init_pid_ns.idr' | 'pid_hash';

/**
 * Yields every task that has an id, ascending by it: the leaders and threads that `/proc` and `kill` find.
 *
 * Walks the table of ids, `init_pid_ns.idr` or `pid_hash`, to every `struct pid`, and from there
 * `pid.tasks[PIDTYPE_PID]` to the task, which must point back and have that id. Ids of groups and sessions whose own task
 * is gone have none. Pid 0 is not in the table. Corresponds to `find_task_by_pid_ns(nr, &init_pid_ns)`.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile does not know the table (`hasPidTable`), else why the head of
 * the tree, or the place of the hash, cannot be read.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const [init, kthreadd] = [...eachTaskWithId(kernel, new SkippedLog())];
 * [init.pid, kthreadd.pid, kthreadd.comm] // => [1, 2, 'kthreadd']
 * ```
 */
export function* eachTaskWithId(kernel: Kernel, skipped: SkippedLog): Generator<Task> {
  const each = pidTableName(kernel) === 'pid_hash' ? eachPidInHash : eachPidInTree;
  for (const entry of each(kernel, skipped)) {
    const task = skipped.attempt(
      () => ({ kind: 'pid', pid: entry.id, address: entry.address }),
      () => readTaskOfPid(kernel, entry),
    );
    if (task !== null && task !== undefined) yield task;
  }
}

/**
 * Whether the profile has the keys of the table of ids.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * hasPidTable(kernel) // => true
 * hasPidTable({ ...kernel, info: {} }) // => false
 * ```
 */
export function hasPidTable({ info }: Kernel): boolean {
  const hasAll = (keys: readonly (keyof KernelInfo)[]) => keys.every((key) => info[key] !== undefined);
  return hasAll(pidTreeKeys(info)) || hasAll(PID_HASH_KEYS);
}

/**
 * The table of ids that the profile knows; the tree where it knows both, or neither.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * pidTableName(kernel) // => 'init_pid_ns.idr'
 * ```
 */
export function pidTableName({ info }: Kernel): PidTableName {
  const tree = pidTreeKeys(info).every((key) => info[key] !== undefined);
  return !tree && info['upid.pid_chain_offset'] !== undefined ? 'pid_hash' : 'init_pid_ns.idr';
}
