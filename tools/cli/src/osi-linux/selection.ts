import { OsiError, type Skipped, type Subject } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { JsonRow } from '../output/json-value';
import type { ListingAnswer, ListingOptions } from './command';

/** The processes that `--pid` names and the one that `--cpu` runs; empty where neither is given. */
export function selectedPids({ linux }: Guest, { pids, cpu }: ListingOptions): readonly number[] {
  return cpu === undefined ? pids : [...pids, linux.getCurrentThread(cpu).pid];
}

/** Keeps the rows of the processes that were asked for, and reports the absent ones. */
export function keepPids(
  rows: readonly JsonRow[],
  skipped: readonly Skipped[],
  pids: readonly number[],
): ListingAnswer {
  if (pids.length === 0) return { rows, skipped };
  return keepOf({ rows, skipped }, pids, new Set(rows.map(({ pid }) => pid)));
}

/**
 * As {@link keepPids}, for a listing in which a process may have no row: the list of processes shows whether
 * it is there.
 */
export function keepProcesses(
  { linux }: Guest,
  answer: ListingAnswer,
  pids: readonly number[],
): ListingAnswer {
  if (pids.length === 0) return answer;
  return keepOf(answer, pids, new Set(linux.getProcesses().map(({ pid }) => pid)));
}

function keepOf(
  { rows, skipped, ...rest }: ListingAnswer,
  pids: readonly number[],
  known: ReadonlySet<unknown>,
): ListingAnswer {
  const absent = pids.filter((pid) => !known.has(pid));
  return {
    ...rest,
    rows: rows.filter(({ pid }) => typeof pid === 'number' && pids.includes(pid)),
    skipped: [...skipped.filter(({ subject }) => concerns(subject, pids)), ...absent.map(absence)],
  };
}

/** Missing parts of another process do not make this answer incomplete; a broken list does. */
function concerns({ pid }: Subject, pids: readonly number[]): boolean {
  return pid === undefined || pids.includes(pid);
}

function absence(pid: number): Skipped {
  const reason = new OsiError('PROCESS_UNKNOWN', `no process ${pid} in this guest`, {
    hint: 'run osi-linux ps to list all processes',
    fields: { pid },
  });
  return { subject: { kind: 'process', pid }, reason };
}
