import type { TruthTask } from '../proc/proc-files';
import { textOf } from './guest-text';

/**
 * The name that the kernel itself keeps. `/proc` shows more than that for kernel threads, since Linux commit
 * 6b59808bfe48 ("workqueue: Show the latest workqueue name in /proc/PID/{comm,stat,status}") (in v4.18).
 */
export function expectedName(comm: Uint8Array, task: TruthTask | undefined): string {
  const [name = ''] = textOf(task?.kernelThread === true ? task.comm : comm).split('\0');
  return name;
}
