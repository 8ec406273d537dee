import { formatAddress } from '@osi-linux/core';
import type { GuestTruth, TruthProcess } from '../guest-truth';
import { compareFields, compareKeys, compareOrder, type Expected, type Row } from '../internal/difference';
import { expectedName, expectedTitle, hasWholeTitles } from '../internal/expected-name';
import { stringsOf } from '../internal/guest-text';
import { completePagedOut } from '../internal/paged-out';
import type { TruthTask } from '../proc/proc-files';
import { findProtectedStrings } from '../protected-strings';

const NS_PER_TICK = 10_000_000;
/** `start_time` and `start_boottime`, which `/proc` shows, are read one after the other. */
const TICK_BORDER_NS = 100_000;

/**
 * Compares the rows of `osi-linux ps DUMP --json` with the truth; a sentence for each difference.
 *
 * Every process that `/proc` listed all the while must be there once, and pid 0; nothing else may be, but for
 * processes that came or went meanwhile.
 *
 * @example
 * ```ts
 * const truth = { processes: [], unsettled: [], tasks: [], cpus: [] };
 * compareProcesses(truth, [{ pid: 7, name: 'sh' }]) // => ['missing row: pid 0 "swapper/0"', 'extra row: pid 7 "sh"']
 * ```
 */
export function compareProcesses(truth: GuestTruth, given: readonly Row[]): string[] {
  const cmdlines = new Map(truth.processes.map(({ pid, cmdline }) => [pid, cmdline]));
  const rows = completePagedOut(truth, given, 'cmdline', (pid) => cmdlines.get(pid), []);
  const leaders = new Map(
    truth.tasks.filter(({ pid, tgid }) => pid === tgid).map((task) => [task.pid, task]),
  );
  const expected = new Map<unknown, Expected>([[0, expectedIdle(leaders.get(0))]]);
  for (const process of truth.processes)
    expected.set(process.pid, expectedProcess(process, leaders.get(process.pid)));
  const whole = hasWholeTitles(rows);
  const counts = new Map<unknown, number>();
  for (const row of rows) counts.set(row['pid'], (counts.get(row['pid']) ?? 0) + 1);
  const unsettled = new Set<unknown>(truth.unsettled);
  const surplus = (row: Row) => !expected.has(row['pid']) && !unsettled.has(row['pid']);
  const missing = [...expected.values()].filter((fields) => !counts.has(fields['pid']));
  return [
    ...compareKeys({ missing: missing.map(describe), extra: rows.filter(surplus).map(describe) }),
    ...[...counts]
      .filter(([, count]) => count > 1)
      .map(([pid, count]) => `pid ${String(pid)}: ${count} rows`),
    ...rows.flatMap((row) => {
      const process = truth.processes.find(({ pid }) => pid === row['pid']);
      const title = process && expectedTitle(process.comm, leaders.get(process.pid), row, whole);
      const fields = expected.get(row['pid']);
      return compareProcess(fields && { ...fields, title }, process, row);
    }),
    ...compareOrder(
      [...leaders.keys()],
      rows.map((row) => Number(row['pid'])),
    ),
  ];
}

function describe(row: Row): string {
  return `pid ${String(row['pid'])} ${JSON.stringify(row['name'])}`;
}

function compareProcess(
  expected: Expected | undefined,
  process: TruthProcess | undefined,
  row: Row,
): string[] {
  if (expected === undefined) return [];
  const differences = compareFields(describe(expected), expected, row);
  if (process === undefined || agreesWithTicks(row['createTime'], process.startTimeTicks)) return differences;
  const received = `createTime: expected a time in tick ${process.startTimeTicks}, received ${String(row['createTime'])}`;
  return [...differences, `${describe(expected)}: ${received}`];
}

/** The kernel reads the clock that /proc shows after the other one, maybe a tick later. */
function agreesWithTicks(createTime: unknown, ticks: number): boolean {
  const ns = Number(createTime);
  const tick = (time: number) => Math.floor(time / NS_PER_TICK);
  return tick(ns - TICK_BORDER_NS) <= ticks && ticks <= tick(ns + TICK_BORDER_NS) + 1;
}

/** A process as its row must be. */
function expectedProcess(process: TruthProcess, task: TruthTask | undefined): Expected {
  const { pid, ppid, uid, gid, euid, egid } = process;
  const shown = findProtectedStrings(process, 'cmdline') ?? process.cmdline;
  const isGone = process.unreadable?.includes('cmdline') === true && shown === process.cmdline;
  const cmdline = isGone ? null : stringsOf(shown);
  return {
    pid,
    ppid,
    name: expectedName(process.comm, task),
    ...expectedTask(task),
    uid,
    gid,
    euid,
    egid,
    cmdline,
  };
}

/** Pid 0 has no folder in `/proc`: it is root's, without parent and without arguments. 2.6.32 calls it `swapper`. */
function expectedIdle(task: TruthTask | undefined): Expected {
  const root = { uid: 0, gid: 0, euid: 0, egid: 0 };
  const name = task === undefined ? 'swapper/0' : expectedName(task.comm, task);
  return { pid: 0, ppid: 0, name, ...expectedTask(task), ...root, cmdline: [] };
}

function expectedTask(task: TruthTask | undefined): Expected {
  if (task === undefined) return {};
  return {
    taskd: formatAddress(task.task),
    pgd: task.pgd === null ? null : formatAddress(task.pgd),
    asid: task.pgdPhysical === null ? null : formatAddress(task.pgdPhysical),
    createTime: Number(task.startTime),
    kernelThread: task.kernelThread,
  };
}
