import type { GuestTruth, TruthProcess } from '../guest-truth';
import { sentencesOf } from '../internal/compare-rows';
import { type CompareOptions, compareTasks } from '../internal/compare-tasks';
import { compareFields, type Expected, KWORKER_TOLERANCE, type Row } from '../internal/difference';
import { stringsOf, textOf } from '../internal/guest-text';
import { completePagedOut } from '../internal/paged-out';
import { findProtectedStrings } from '../protected-strings';
import type { TruthTree } from '../truth-tree';

/**
 * Compares the rows of `osi-linux env DUMP --json` with the truth; a sentence for each difference.
 *
 * A row for pid 0, which has no folder in `/proc`, is left to what every kernel thread has.
 *
 * @example
 * ```ts
 * compareEnv({ processes: [], unsettled: [], tasks: [], cpus: [] }, []) // => ['the truth has no env']
 * ```
 */
export function compareEnv(truth: GuestTruth, rows: readonly Row[], options: CompareOptions = {}): string[] {
  const { passed = [] } = options;
  const idle = rows.filter(({ pid }) => pid === 0);
  const environ = (pid: number) => truth.tree?.bytes(`/proc/${pid}/environ`);
  const others = completePagedOut(truth, rows, 'env', environ, passed).filter(({ pid }) => pid !== 0);
  const listing = { name: 'env', source: 'environ', key: () => '', expect: expectEnvironment } as const;
  const found = compareTasks(truth, others, listing, options);
  const workers = new Set(truth.processes.filter(isKworker).map(({ pid }) => `pid ${pid}`));
  const threads = new Set(others.filter(isKernelThread).map(({ pid }) => `pid ${String(pid)}`));
  const missing = passFew(found.missing, (what) => workers.has(what), passed);
  const extra = passFew(found.extra, (what) => threads.has(what), passed);
  return [
    ...sentencesOf({ missing, extra, sentences: found.sentences }),
    ...idle.slice(1).map(() => 'pid 0: more than one row'),
    ...idle.flatMap((row) => compareFields('pid 0', KERNEL_THREAD, row)),
  ];
}

const KERNEL_THREAD: Expected = { env: [], cwd: '/', root: '/', exe: null };

function isKworker({ comm }: TruthProcess): boolean {
  return textOf(comm).startsWith('kworker/');
}

function isKernelThread(row: Row): boolean {
  return compareFields('', KERNEL_THREAD, row).length === 0;
}

/** Takes out those that may be a kworker's coming or going, when they are few enough for that. */
function passFew(
  rows: readonly string[],
  mayPass: (row: string) => boolean,
  passed: string[],
): readonly string[] {
  const few = rows.filter(mayPass);
  if (few.length > KWORKER_TOLERANCE) return rows;
  passed.push(...few);
  return rows.filter((row) => !mayPass(row));
}

/** The row of a process; its strings are null in it where they are on no page. */
export function expectEnvironment(tree: TruthTree, folder: string, process: TruthProcess): Expected[] {
  const hidden = findProtectedStrings(process, 'env');
  const bytes = tree.bytes(`${folder}/environ`);
  // A process without memory of its own has no strings: newer kernels then fail to open the file.
  const none = tree.error(`${folder}/environ`) === undefined ? undefined : [];
  const strings = bytes === undefined ? none : stringsOf(bytes);
  const [cwd, root, exe] = ['cwd', 'root', 'exe'].map((name) => tree.link(`${folder}/${name}`));
  const shown = process.unreadable?.includes('env') === true ? null : strings;
  return [{ env: hidden === undefined ? shown : stringsOf(hidden), cwd, root, exe }];
}
