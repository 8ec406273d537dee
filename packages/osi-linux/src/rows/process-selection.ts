import type { SkippedLog } from '@osi-linux/core';
import { eachProcess, type Kernel, type Task } from '@osi-linux/kstruct';

/** Of which processes a listing is wanted. */
export interface ProcessSelection {
  /** Only these; all where absent or empty. */
  readonly pids?: readonly number[] | undefined;
}

/** Yields the leader of each process that is wanted, with its id. */
export function* eachSelectedProcess(
  kernel: Kernel,
  { pids = [] }: ProcessSelection,
  skipped: SkippedLog,
): Generator<{ readonly task: Task; readonly pid: number }> {
  const wanted = new Set(pids);
  for (const task of eachProcess(kernel, skipped)) {
    const pid = skipped.attempt(
      () => ({ kind: 'process', address: task.address, field: 'pid' }),
      () => task.tgid,
    );
    if (pid !== null && (wanted.size === 0 || wanted.has(pid))) yield { task, pid };
  }
}

/** Yields the leader of each process that is wanted; of all, also of those whose id cannot be read. */
export function* eachSelectedTask(
  kernel: Kernel,
  selection: ProcessSelection,
  skipped: SkippedLog,
): Generator<Task> {
  if (selection.pids?.length)
    for (const { task } of eachSelectedProcess(kernel, selection, skipped)) yield task;
  else yield* eachProcess(kernel, skipped);
}
