import type { GuestTruth } from '../guest-truth';
import { compareRows, sentencesOf } from '../internal/compare-rows';
import type { Row } from '../internal/difference';
import { parseMountInfo } from '../proc/proc-mount-info';

/** Of which process the mounts are. */
export interface CompareMountsOptions {
  /** 1 by default. */
  readonly pid?: number | undefined;
}

/**
 * Compares the rows of `osi-linux mounts DUMP --json`, or of `--pid N`, with the truth; a sentence for each difference.
 *
 * @example
 * ```ts
 * compareMounts({ processes: [], unsettled: [], tasks: [], cpus: [] }, []) // => ['the truth has no mounts of pid 1']
 * ```
 */
export function compareMounts(
  truth: GuestTruth,
  rows: readonly Row[],
  { pid = 1 }: CompareMountsOptions = {},
): string[] {
  const bytes = truth.tree?.bytes(`/proc/${pid}/mountinfo`);
  if (bytes === undefined) return [`the truth has no mounts of pid ${pid}`];
  const expected = parseMountInfo(bytes).sort((one, other) => one.id - other.id);
  const form = {
    key: (row: Row) => String(row['id']),
    describe: (row: Row) => `mount ${String(row['id'])} ${JSON.stringify(row['mountpoint'])}`,
  };
  return sentencesOf(
    compareRows(
      expected.map((mount) => ({ ...mount })),
      rows,
      form,
    ),
  );
}

/**
 * For each distinct table of mounts but that of pid 1, the first process that has it: mount namespaces and roots of
 * their own.
 */
export function otherMountViews({ tree, processes }: GuestTruth): number[] {
  const textOf = (pid: number) => Buffer.from(tree?.bytes(`/proc/${pid}/mountinfo`) ?? []).toString('latin1');
  const seen = new Set(['', textOf(1)]);
  return processes.flatMap(({ pid }) => {
    const text = textOf(pid);
    const known = seen.has(text);
    seen.add(text);
    return known ? [] : [pid];
  });
}
