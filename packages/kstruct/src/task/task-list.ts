import { SkippedLog, type VirtualAddress } from '@osi-linux/core';
import { type Kernel, requireKey } from '../kernel/kernel';
import { ListEntries } from '../lib/list-head';
import { eachTaskWithId, hasPidTable, pidTableName } from './pid-table';
import { Task } from './task';
import { isTask } from './task-plausibility';

/**
 * The task that every other one descends from: pid 0, `swapper/0`. Corresponds to `init_task`.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile lacks `task.init_addr`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * findInitTask(kernel).pid // => 0
 * ```
 */
export function findInitTask(kernel: Kernel): Task {
  return new Task(kernel, requireKey(kernel.info, 'task.init_addr'));
}

/**
 * Yields the leader of every process, `init_task` (pid 0) first, then in the order of their start.
 *
 * Corresponds to `for_each_process` over `task_struct.tasks`, which holds thread-group leaders only. A task
 * that by its own ids is not a leader is reported to `skipped` instead. Where the list is broken, the table of
 * ids (`eachTaskWithId`), if the profile knows it, adds those leaders that the list no longer leads to, ascending by id.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const skipped = new SkippedLog();
 * [...eachProcess(kernel, skipped)].slice(0, 3).map((task) => task.comm) // => ['swapper/0', 'init', 'kthreadd']
 * skipped.records.length // => 0
 * ```
 */
export function* eachProcess(kernel: Kernel, skipped: SkippedLog): Generator<Task> {
  const before = skipped.records.length;
  const seen: VirtualAddress[] = [];
  const offset = requireKey(kernel.info, 'task.tasks_offset');
  const start = findStart(kernel, skipped);
  if (start !== undefined && isTask(kernel, start.address, 'itself', skipped)) {
    seen.push(start.address);
    yield start;
  }
  if (start !== undefined) {
    const list = { head: start.listHead('task.tasks_offset'), name: 'task_struct.tasks', offset };
    const entries = new ListEntries(kernel, list, skipped);
    for (let view = entries.next(); view !== undefined; view = entries.next()) {
      if (!isTask(kernel, view.address, 'itself', skipped, view)) continue;
      seen.push(view.address);
      yield new Task(kernel, view.address, view);
    }
  }
  if (skipped.records.length > before) yield* eachLost(kernel, new Set(seen), skipped);
}

/**
 * The leaders that the table of ids still leads to. Other damage of the table is reported by the callers that
 * read the table itself.
 */
function* eachLost(kernel: Kernel, seen: ReadonlySet<VirtualAddress>, skipped: SkippedLog): Generator<Task> {
  if (!hasPidTable(kernel)) return;
  const tasks = skipped.attempt(
    () => ({ kind: 'list', name: pidTableName(kernel) }),
    () => Array.from(eachTaskWithId(kernel, new SkippedLog())),
  );
  for (const task of tasks ?? []) {
    if (!seen.has(task.address) && task.groupLeader.address === task.address) yield task;
  }
}

/** `init_task`, or the start that a search found where that cannot be read: the list is a ring, and may be walked from any of its tasks. */
function findStart(kernel: Kernel, skipped: SkippedLog): Task | undefined {
  const init = findInitTask(kernel);
  const readable = skipped.attempt(
    () => ({ kind: 'list', name: 'init_task', address: init.address }),
    () => init.pid === 0,
  );
  if (readable !== null) return init;
  return kernel.listStart === undefined ? undefined : new Task(kernel, kernel.listStart);
}
