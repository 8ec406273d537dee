import { formatAddress, offsetAddress, type SkippedLog } from '@osi-linux/core';
import { isTask } from './internal/task-plausibility';
import { type Kernel, requireKey } from './kernel';
import { eachListEntry } from './list-head';
import { Task } from './task';

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
 * Corresponds to `for_each_process` over `task_struct.tasks`, which holds thread-group leaders only. What is no leader
 * by its own word is reported to `skipped` instead.
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
  const offset = requireKey(kernel.info, 'task.tasks_offset');
  const start = findStart(kernel, skipped);
  if (start === undefined) return;
  if (isTask(kernel, start.address, 'itself', skipped)) yield start;
  const list = { head: start.listHead('task.tasks_offset'), name: 'task_struct.tasks' };
  for (const node of eachListEntry(kernel, list, skipped)) {
    const address = offsetAddress(node, -offset);
    if (isTask(kernel, address, 'itself', skipped)) yield new Task(kernel, address);
  }
}

/** `init_task`, or the anchor where that cannot be read: the list is a ring, and may be walked from any of its tasks. */
function findStart(kernel: Kernel, skipped: SkippedLog): Task | undefined {
  const init = findInitTask(kernel);
  const readable = skipped.attempt(
    () => `init_task ${formatAddress(init.address)}`,
    () => init.pid === 0,
  );
  if (readable !== null) return init;
  return kernel.anchor === undefined ? undefined : new Task(kernel, kernel.anchor);
}
