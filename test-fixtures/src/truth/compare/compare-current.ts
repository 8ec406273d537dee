import { formatAddress } from '@osi-linux/core';
import type { GuestTruth, TruthCpu } from '../guest-truth';
import { compareFields, type Expected, type Row } from '../internal/difference';

/**
 * Compares the rows of `osi-linux current DUMP --json` with the truth; a sentence for each difference.
 *
 * @example
 * ```ts
 * const cpus = [{ cpu: 0, pid: 7, tid: 8, name: 'sh', mode: 'user' as const }];
 * compareCurrent({ processes: [], unsettled: [], tasks: [], cpus }, [])
 * // => ['missing row: cpu 0 "sh"']
 * ```
 */
export function compareCurrent(truth: GuestTruth, rows: readonly Row[]): string[] {
  const expected = new Map<unknown, Expected>(truth.cpus.map((cpu) => [cpu.cpu, expectedCpu(cpu, truth)]));
  const differences: string[] = [];
  const seen = new Set<unknown>();
  for (const row of rows) {
    const fields = expected.get(row['cpu']);
    if (fields === undefined || seen.has(row['cpu'])) differences.push(`extra row: ${describe(row)}`);
    else differences.push(...compareFields(describe(fields), fields, row));
    seen.add(row['cpu']);
  }
  const missing = [...expected.values()].filter(({ cpu }) => !seen.has(cpu));
  return [...missing.map((fields) => `missing row: ${describe(fields)}`), ...differences];
}

function describe(row: Row): string {
  return `cpu ${String(row['cpu'])} ${JSON.stringify(row['name'])}`;
}

/** Each processor has an idle task of its own with pid 0; only the first one's address is known. */
function expectedCpu(cpu: TruthCpu, { tasks }: GuestTruth): Expected {
  const task = cpu.pid === 0 && cpu.cpu > 0 ? undefined : tasks.find(({ pid }) => pid === cpu.tid);
  const root = task?.pgdPhysical ?? null;
  return {
    ...cpu,
    taskd: task === undefined ? undefined : formatAddress(task.task),
    asid: root === null ? null : formatAddress(root),
  };
}
