import { formatAddress } from '@osi-linux/core';
import type { GuestTruth } from '../guest-truth';
import { compareFields, compareKeys, compareOrder, type Expected, type Row } from '../internal/difference';
import { expectedName, expectedTitle, hasWholeTitles } from '../internal/expected-name';
import type { TruthTask } from '../proc/proc-files';

/**
 * Compares the rows of `osi-linux threads DUMP --json` with the truth; a sentence for each difference.
 *
 * Pid 0 is not a row. Threads of processes that came, went or changed meanwhile are not looked at.
 *
 * @example
 * ```ts
 * const truth = { processes: [], unsettled: [], tasks: [], cpus: [] };
 * compareThreads(truth, [{ pid: 7, tid: 8, name: 'sh' }]) // => ['extra row: pid 7 tid 8 "sh"']
 * ```
 */
export function compareThreads(truth: GuestTruth, rows: readonly Row[]): string[] {
  const expected = expectedThreads(truth);
  const unsettled = new Set<unknown>(truth.unsettled);
  const whole = hasWholeTitles(rows);
  const seen = new Set<unknown>();
  const differences: string[] = [];
  const extra: string[] = [];
  for (const row of rows) {
    const fields = expected.get(row['tid']);
    if (seen.has(row['tid'])) differences.push(`${describe(row)}: more than one row`);
    else if (fields !== undefined) {
      const { comm, task, ...known } = fields;
      const title = expectedTitle(comm, task, row, whole);
      differences.push(...compareFields(describe(known), { ...known, title }, row));
    } else if (!unsettled.has(row['pid'])) extra.push(describe(row));
    seen.add(row['tid']);
  }
  const missing = [...expected.values()].filter(({ tid }) => !seen.has(tid)).map(describe);
  const order = compareOrder(
    truth.tasks.map(({ pid }) => pid),
    rows.map((row) => Number(row['tid'])),
  );
  return [...compareKeys({ missing, extra }), ...differences, ...order];
}

function describe(row: Row): string {
  return `pid ${String(row['pid'])} tid ${String(row['tid'])} ${JSON.stringify(row['name'])}`;
}

interface ExpectedThread extends Expected {
  readonly comm: Uint8Array;
  readonly task: TruthTask | undefined;
}

function expectedThreads(truth: GuestTruth): Map<unknown, ExpectedThread> {
  const tasks = new Map(truth.tasks.map((task) => [task.pid, task]));
  const threads = truth.processes.flatMap(({ pid, threads }) =>
    threads.map((thread) => ({ pid, ...thread })),
  );
  return new Map(
    threads.map(({ pid, tid, comm }) => {
      const task = tasks.get(tid);
      const taskd = task === undefined ? undefined : formatAddress(task.task);
      return [tid, { pid, tid, name: expectedName(comm, task), taskd, comm, task }];
    }),
  );
}
