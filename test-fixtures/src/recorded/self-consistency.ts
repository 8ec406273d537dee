import type { Row } from '../truth/index';

/** The rows of the listings of one guest. */
export interface Listings {
  readonly ps: readonly Row[];
  readonly threads: readonly Row[];
  readonly current: readonly Row[];
}

/**
 * The oddities of listings by themselves, as sentences: the best check if the guest was not asked.
 *
 * Pid 0 comes first, pid 1 is its child, every parent is listed, and no pid comes twice. Each process has its threads,
 * its leader among them under the same name and address. The thread on a processor is listed, or is its idle
 * task.
 *
 * @example
 * ```ts
 * const ps = [{ pid: 0, ppid: 0, name: 'swapper/0' }, { pid: 7, ppid: 9, name: 'sh' }];
 * findInconsistencies({ ps, threads: [{ pid: 7, tid: 7, name: 'sh' }], current: [] })
 * // => ['pid 1 is missing', 'pid 7: its parent 9 is not listed']
 * ```
 */
export function findInconsistencies({ ps, threads, current }: Listings): string[] {
  const processes = new Map(ps.map((row) => [row['pid'], row]));
  const tasks = new Map(threads.map((row) => [row['tid'], row]));
  return [
    ...(ps[0]?.['pid'] === 0 ? [] : ['pid 0 is not the first']),
    ...(processes.has(1) ? [] : ['pid 1 is missing']),
    ...repeated(ps, 'pid'),
    ...repeated(threads, 'tid'),
    ...ps.flatMap((row) => aboutProcess(row, processes, tasks)),
    ...threads.flatMap(({ pid, tid }) =>
      processes.has(pid) ? [] : [`tid ${String(tid)}: its process ${String(pid)} is not listed`],
    ),
    ...current.flatMap((row) => aboutCpu(row, tasks)),
  ];
}

function repeated(rows: readonly Row[], key: string): string[] {
  const seen = rows.map((row) => row[key]);
  const twice = seen.filter((value, index) => seen.indexOf(value) !== index);
  return [...new Set(twice)].map((value) => `${key} ${String(value)} has more than one row`);
}

function aboutProcess(
  row: Row,
  processes: ReadonlyMap<unknown, Row>,
  tasks: ReadonlyMap<unknown, Row>,
): string[] {
  const { pid, ppid } = row;
  const found: string[] = [];
  if (!processes.has(ppid)) found.push(`pid ${String(pid)}: its parent ${String(ppid)} is not listed`);
  if (pid === 1 && ppid !== 0) found.push(`pid 1: its parent is ${String(ppid)}, expected 0`);
  if (pid === 0) return found;
  const leader = tasks.get(pid);
  if (leader === undefined) found.push(`pid ${String(pid)}: its own thread is not listed`);
  else if (leader['name'] !== row['name'] || leader['taskd'] !== row['taskd'])
    found.push(`pid ${String(pid)}: its own thread has another name or address`);
  return found;
}

function aboutCpu({ cpu, pid, tid, name, taskd }: Row, tasks: ReadonlyMap<unknown, Row>): string[] {
  const where = `cpu ${String(cpu)}`;
  if (pid === 0) return name === `swapper/${String(cpu)}` ? [] : [`${where}: its idle task is "${String(name)}"`];
  const task = tasks.get(tid);
  if (task === undefined) return [`${where}: tid ${String(tid)} is not listed`];
  const same = task['pid'] === pid && task['name'] === name && task['taskd'] === taskd;
  return same ? [] : [`${where}: tid ${String(tid)} is listed with another process, name or address`];
}
