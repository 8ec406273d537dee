import type { GuestTruth, TruthProcess } from '../guest-truth';
import { isLeftOut, type TruthListing } from '../known-differences';
import type { TruthTree } from '../truth-tree';
import { compareRows, type RowDifferences, type RowForm, sentencesOf } from './compare-rows';
import type { Expected, Row } from './difference';
import { textOf } from './guest-text';

/** How a comparison of rows of processes is made. */
export interface CompareOptions {
  /** Whether the rows were made with `--threads`. */
  readonly threads?: boolean | undefined;
  /** Sentences about differences that are known are put here. */
  readonly passed?: string[] | undefined;
}

/** A listing whose rows belong to processes. */
export interface TaskListing {
  readonly name: TruthListing;
  /** The file of a process's folder with its rows: the collector must have asked for it. */
  readonly source: string;
  /** A row's own key within its task. */
  readonly key: (row: Row) => string;
  /** The rows of a task, without `pid` and `tid`, from its folder in `/proc`. */
  readonly expect: (tree: TruthTree, folder: string, process: TruthProcess) => readonly Expected[];
}

/** Compares the rows of each process, in the kernel's own order of processes. */
export function compareTasks(
  truth: GuestTruth,
  rows: readonly Row[],
  listing: TaskListing,
  { threads = false, passed = [] }: CompareOptions,
): RowDifferences & { readonly truthMissing: boolean } {
  const { tree } = truth;
  const missing = unasked(truth, listing.source);
  if (tree === undefined || missing.length === truth.processes.length)
    return { missing: [], extra: [], sentences: [`the truth has no ${listing.name}`], truthMissing: true };
  const unsettled = new Set<unknown>(truth.unsettled);
  const withRows = new Set(rows.map(taskOf));
  const form = rowForm(listing);
  const expected: Expected[] = [];
  const leftOut = new Map<unknown, Expected[]>();
  for (const process of inKernelOrder(truth)) {
    const found = expectProcess(tree, process, listing, threads ? withRows : undefined);
    if (isLeftOut(listing.name, textOf(process.comm))) leftOut.set(process.pid, found);
    else expected.push(...found);
  }
  for (const [pid, known] of leftOut) {
    const ofProcess = rows.filter((row) => row['pid'] === pid);
    passed.push(...sentencesOf(compareRows(known, ofProcess, form)));
  }
  const compared = rows.filter(({ pid }) => !unsettled.has(pid) && !leftOut.has(pid));
  const found = compareRows(expected, compared, form);
  const gaps = missing.map((pid) => `the truth has no ${listing.name} of pid ${pid}`);
  return { ...found, sentences: [...gaps, ...found.sentences], truthMissing: false };
}

/** The processes with something that the collector has not asked for. */
export function unasked({ tree, processes }: GuestTruth, source: string): number[] {
  return processes.map(({ pid }) => pid).filter((pid) => tree?.has(`/proc/${pid}/${source}`) !== true);
}

function rowForm({ key }: TaskListing): RowForm {
  return {
    key: (row) => `${taskOf(row)}: ${key(row)}`,
    describe: (row) => `${taskOf(row)} ${key(row)}`.trimEnd(),
  };
}

function taskOf(row: Row): string {
  return row['tid'] === undefined
    ? `pid ${String(row['pid'])}`
    : `pid ${String(row['pid'])} tid ${String(row['tid'])}`;
}

/**
 * The rows of a process and, where threads are asked for, those of every thread whose rows differ from the leader's.
 * A table of a thread's own may hold the same as the leader's: then rows may be there or not.
 */
function expectProcess(
  tree: TruthTree,
  process: TruthProcess,
  listing: TaskListing,
  withRows: ReadonlySet<string> | undefined,
): Expected[] {
  const { pid } = process;
  const own = listing.expect(tree, `/proc/${pid}`, process);
  const expected: Expected[] = own.map((row) => ({ pid, tid: undefined, ...row }));
  if (withRows === undefined) return expected;
  for (const { tid } of process.threads) {
    if (tid === pid) continue;
    const rows = listing.expect(tree, `/proc/${pid}/task/${tid}`, process);
    const differs = JSON.stringify(rows) !== JSON.stringify(own);
    if (differs || withRows.has(taskOf({ pid, tid })))
      expected.push(...rows.map((row) => ({ pid, tid, ...row })));
  }
  return expected;
}

/** The settled processes, their threads too, in the order of the kernel's lists as far as it is known. */
export function inKernelOrder({ processes, tasks }: GuestTruth): TruthProcess[] {
  const places = new Map(tasks.map(({ pid }, place) => [pid, place]));
  const place = (pid: number) => places.get(pid) ?? Number.MAX_SAFE_INTEGER;
  const sorted = [...processes].sort((one, other) => place(one.pid) - place(other.pid));
  return sorted.map((process) => ({
    ...process,
    threads: [...process.threads].sort((one, other) => place(one.tid) - place(other.tid)),
  }));
}
