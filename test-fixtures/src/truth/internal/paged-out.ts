import type { GuestTruth } from '../guest-truth';
import { findProtectedStrings } from '../protected-strings';
import type { ProcessStrings } from '../unreadable-strings';
import type { Row } from './difference';
import { stringsOf } from './guest-text';

/**
 * The rows with their strings put in where they are null because the collector has sent their pages into the swap, or
 * because a recorded dump lacks pages that are `PROT_NONE`. `bytesOf` gives the strings as they were read before.
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
  const kept = new Map<unknown, Uint8Array | undefined>(
    truth.processes.map((process) => [process.pid, findProtectedStrings(process, strings)]),
  );
  return rows.map((row) => {
    if (row[strings] !== null) return row;
    const bytes = pids.has(row['pid']) ? bytesOf(Number(row['pid'])) : kept.get(row['pid']);
    if (bytes === undefined) return row;
    passed.push(`pid ${String(row['pid'])}: ${strings}: in the swap, or left out of the dump`);
    return { ...row, [strings]: stringsOf(bytes) };
  });
}
