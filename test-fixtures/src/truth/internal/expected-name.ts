import type { TruthTask } from '../proc/proc-files';
import type { Row } from './difference';
import { textOf } from './guest-text';

/**
 * The name that the kernel itself keeps. `/proc` shows more than that for kernel threads, since Linux commit
 * 6b59808bfe48 ("workqueue: Show the latest workqueue name in /proc/PID/{comm,stat,status}") (in v4.18).
 */
export function expectedName(comm: Uint8Array, task: TruthTask | undefined): string {
  const [name = ''] = textOf(task?.kernelThread === true ? task.comm : comm).split('\0');
  return name;
}

/** A worker of a workqueue: the work behind its name is that of the moment, and changes until the dump is made. */
const WORKER = /^kworker\/(?:R-)?[^-+]*/;
/** Bytes of `task_struct.comm` without its NUL. */
const SHORT = 15;

/**
 * Whether some rows are of a profile with the keys of whole names: then some kernel thread has a title that is longer than
 * its name can be.
 */
export function hasWholeTitles(rows: readonly Row[]): boolean {
  return rows.some(({ title }) => typeof title === 'string' && title.length > SHORT && !WORKER.test(title));
}

/**
 * The title that a row must have: for a kernel thread the name that `/proc` shows, the one that the kernel itself keeps
 * where the rows have no whole names, null for any other task. Undefined where it is not known.
 */
export function expectedTitle(
  comm: Uint8Array,
  task: TruthTask | undefined,
  { title }: Row,
  whole: boolean,
): string | null | undefined {
  if (task === undefined || title === undefined) return undefined;
  if (!task.kernelThread) return null;
  const shown = textOf(comm);
  const name = expectedName(comm, task);
  if (!whole && title === name) return name;
  const [worker] = WORKER.exec(shown) ?? [];
  if (worker !== undefined) return isOfWorker(title, worker) ? String(title) : shown;
  return whole ? shown : name;
}

function isOfWorker(title: unknown, worker: string): boolean {
  return (
    typeof title === 'string' && title.startsWith(worker) && /^(?:[-+].*)?$/s.test(title.slice(worker.length))
  );
}
