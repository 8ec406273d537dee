import type { GuestTruth } from '../guest-truth';
import type { ProcessStrings } from '../unreadable-strings';
import type { Row } from './difference';
import { stringsOf } from './guest-text';

/**
 * The rows with their strings put in where they are null because the collector has sent their pages into the swap.
 * `bytesOf` gives the strings as they were read before.
 */
export function completePagedOut(
  truth: GuestTruth,
  rows: readonly Row[],
  strings: ProcessStrings,
  bytesOf: (pid: number) => Uint8Array | undefined,
  passed: string[],
): Row[] {
  const pids = new Set<unknown>(
    truth.processes.filter(({ pagedOut }) => pagedOut?.includes(strings) === true).map(({ pid }) => pid),
  );
  return rows.map((row) => {
    if (!pids.has(row['pid']) || row[strings] !== null) return row;
    const bytes = bytesOf(Number(row['pid']));
    if (bytes === undefined) return row;
    passed.push(`pid ${String(row['pid'])}: ${strings}: in the swap`);
    return { ...row, [strings]: stringsOf(bytes) };
  });
}
