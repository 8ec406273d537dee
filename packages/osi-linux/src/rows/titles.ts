import type { SkippedLog, Subject, VirtualAddress } from '@osi-linux/core';
import { type Kernel, readTitle, Task } from '@osi-linux/kstruct';

/** A process or a thread that may be one of the kernel. */
export interface TitledRow {
  /** Address of its `task_struct`, virtual. */
  readonly taskd: VirtualAddress;
  /** Id of the process; `null` where it could not be read. */
  readonly pid: number | null;
  /** Id of the thread; absent for a process. */
  readonly tid?: number | null;
}

/** The whole names of those rows that are kernel threads. */
export function readTitles(
  kernel: Kernel,
  rows: readonly TitledRow[],
  skipped: SkippedLog,
): ReadonlyMap<VirtualAddress, string> {
  const titles = new Map<VirtualAddress, string>();
  for (const row of rows) {
    const title = skipped.attempt(
      () => subjectOf(row),
      () => readTitle(kernel, new Task(kernel, row.taskd)),
    );
    if (title !== null && title !== undefined) titles.set(row.taskd, title);
  }
  return titles;
}

function subjectOf({ taskd, pid, tid }: TitledRow): Subject {
  const field = 'title';
  const ofPid = pid === null ? {} : { pid };
  if (tid === undefined)
    return pid === null ? { kind: 'process', address: taskd, field } : { kind: 'process', pid, field };
  return tid === null
    ? { kind: 'thread', ...ofPid, address: taskd, field }
    : { kind: 'thread', ...ofPid, tid, field };
}
