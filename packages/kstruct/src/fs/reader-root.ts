import { attempt, OsiError, SkippedLog } from '@osi-linux/core';
import { type Kernel, requireKey } from '../kernel/kernel';
import type { Task } from '../task/task';
import { eachProcess } from '../task/task-list';
import type { Path } from './path';

const INIT_PID = 1;

/**
 * The directory that paths start from: the root of pid 1, as for a program that reads `/proc` on the guest.
 *
 * If that root cannot be read, this is reported to `skipped`, and the root of most other processes is taken.
 *
 * @throws OsiError `READER_ROOT_UNKNOWN` where no process tells its root, `PROFILE_KEY_MISSING` where the profile cannot.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const root = findReaderRoot(kernel);
 * new PathReader(kernel, root).read(root) // => '/'
 * ```
 */
export function findReaderRoot(kernel: Kernel, skipped: SkippedLog = new SkippedLog()): Path {
  for (const key of ['task.fs_offset', 'fs_struct.root_mnt_offset', 'fs_struct.root_dentry_offset'] as const)
    requireKey(kernel.info, key);
  const others: Task[] = [];
  for (const task of eachProcess(kernel, new SkippedLog())) {
    if (idOf(task) !== INIT_PID) {
      others.push(task);
      continue;
    }
    const root = skipped.attempt(
      () => ({ kind: 'init-root' }),
      () => readRoot(task),
    );
    if (root !== null) return root;
  }
  return mostFrequent(others) ?? fail();
}

function idOf(task: Task): number | null {
  return attempt(
    () => task.tgid,
    () => null,
  );
}

function readRoot(task: Task): Path {
  const { fs } = task;
  if (fs !== undefined) return fs.root;
  throw new OsiError('READER_ROOT_UNKNOWN', 'pid 1 has no root directory', {
    hint: 'the guest was shutting down when it was dumped, or the dump is damaged there',
  });
}

/** Threads of the kernel may have a root of their own, so that only processes are asked. */
function mostFrequent(tasks: readonly Task[]): Path | undefined {
  const votes = new Map<string, { readonly root: Path; count: number }>();
  for (const task of tasks) {
    const root = attempt(
      () => (task.mm === undefined ? undefined : readRoot(task)),
      () => undefined,
    );
    if (root === undefined) continue;
    const key = `${root.mnt} ${root.dentry}`;
    const vote = votes.get(key) ?? { root, count: 0 };
    vote.count += 1;
    votes.set(key, vote);
  }
  return [...votes.values()].sort((a, b) => b.count - a.count)[0]?.root;
}

function fail(): never {
  throw new OsiError('READER_ROOT_UNKNOWN', 'the root directory of every process is unreadable', {
    hint: 'the dump is damaged, or the profile lacks task.fs_offset and the keys of fs_struct',
  });
}
