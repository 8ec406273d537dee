import {
  type ProcStat,
  type ProcStatus,
  parseProcStat,
  parseProcStatus,
  parseTaskTruth,
  type TruthTask,
} from './proc/proc-files';
import type { TruthRecord } from './truth-records';
import { TruthTree } from './truth-tree';
import { findPagedOutStrings, findUnreadableStrings, type ProcessStrings } from './unreadable-strings';

/** A thread, as `/proc/PID/task/TID` showed it. */
export interface TruthThread {
  readonly tid: number;
  /** What `comm` held, without the newline at its end. */
  readonly comm: Uint8Array;
}

/** A thread group, as `/proc/PID` showed it. */
export interface TruthProcess extends ProcStatus, ProcStat {
  readonly pid: number;
  /** What `comm` held, without the newline at its end. */
  readonly comm: Uint8Array;
  readonly cmdline: Uint8Array;
  /** Which of its strings not even the process itself can read; absent if there are no such strings. */
  readonly unreadable?: readonly ProcessStrings[];
  /** Which of its strings were sent into the swap afterwards; absent if there are no such strings. */
  readonly pagedOut?: readonly ProcessStrings[];
  readonly threads: readonly TruthThread[];
}

/** Where a processor was when the guest was stopped. */
export interface TruthCpu {
  readonly cpu: number;
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly mode: 'kernel' | 'user';
}

/** The facts inside a guest when its memory was dumped. */
export interface GuestTruth {
  /** Processes that were there all the while, with the same threads; ascending by pid. Pid 0 is not among them. */
  readonly processes: readonly TruthProcess[];
  /** Thread groups that came, went or changed their threads while the truth was gathered: nothing is known of them. */
  readonly unsettled: readonly number[];
  /** Every task in the kernel's own order, pid 0 first. */
  readonly tasks: readonly TruthTask[];
  readonly cpus: readonly TruthCpu[];
  /** Its other files and links; absent if the collector did not gather them. */
  readonly tree?: TruthTree;
}

/**
 * Puts the collector's records together.
 *
 * @throws OsiError `TRUTH_MALFORMED` when a record does not have its form.
 *
 * @example
 * ```ts
 * parseGuestTruth([], { cpus: 1 }).cpus
 * // => [{ cpu: 0, pid: 0, tid: 0, name: 'swapper/0', mode: 'kernel' }]
 * ```
 */
export function parseGuestTruth(
  records: readonly TruthRecord[],
  guest: { readonly cpus: number },
): GuestTruth {
  const files = new Map(
    records.filter(({ kind }) => kind === 'file').map(({ path, bytes }) => [path, bytes]),
  );
  const [before, after] = listings(records, '/proc');
  const pids = [...new Set([...before, ...after])].sort((one, other) => one - other);
  const processes: TruthProcess[] = [];
  const unsettled: number[] = [];
  for (const pid of pids) {
    const process = readProcess(pid, files, records);
    if (process === undefined) unsettled.push(pid);
    else processes.push(process);
  }
  const tree = TruthTree.of(records);
  return {
    processes,
    unsettled,
    tasks: parseTaskTruth(text(files, '/proc/task_truth')),
    cpus: readCpus(text(files, '/run/current'), guest.cpus),
    ...(tree === undefined ? {} : { tree }),
  };
}

/** The numbers listed in a folder before and after. */
function listings(records: readonly TruthRecord[], path: string): [number[], number[]] {
  const lists = records
    .filter((record) => record.kind === 'list' && record.path === path)
    .map(({ bytes }) => Buffer.from(bytes).toString().split('\n').filter(Boolean).map(Number));
  return [lists[0] ?? [], lists[1] ?? []];
}

function text(files: ReadonlyMap<string, Uint8Array>, path: string): string {
  return Buffer.from(files.get(path) ?? []).toString('latin1');
}

/** Undefined where something of it is missing or has changed. */
function readProcess(
  pid: number,
  files: ReadonlyMap<string, Uint8Array>,
  records: readonly TruthRecord[],
): TruthProcess | undefined {
  const folder = `/proc/${pid}`;
  const [before, after] = listings(records, `${folder}/task`);
  const threads = before.flatMap((tid) => {
    const comm = files.get(`${folder}/task/${tid}/comm`);
    return comm === undefined ? [] : [{ tid, comm: withoutNewline(comm) }];
  });
  const [comm, cmdline] = [files.get(`${folder}/comm`), files.get(`${folder}/cmdline`)];
  const [stat, status] = [text(files, `${folder}/stat`), text(files, `${folder}/status`)];
  const settled = threads.length > 0 && threads.length === before.length && before.join() === after.join();
  if (!settled || comm === undefined || cmdline === undefined || stat === '' || status === '')
    return undefined;
  const maps = files.get(`${folder}/maps`);
  const unreadable = maps === undefined ? [] : findUnreadableStrings(stat, maps);
  const pagedOut = findPagedOutStrings(pid, stat, text(files, '/run/page-out'));
  return {
    pid,
    ...parseProcStatus(status),
    ...parseProcStat(stat),
    comm: withoutNewline(comm),
    cmdline,
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(pagedOut.length === 0 ? {} : { pagedOut }),
    threads,
  };
}

function withoutNewline(bytes: Uint8Array): Uint8Array {
  return bytes[bytes.length - 1] === 0x0a ? bytes.subarray(0, -1) : bytes;
}

/** `current` holds a line `CPU PID TID NAME` for each processor that is kept busy; the others sleep. */
function readCpus(current: string, cpus: number): TruthCpu[] {
  const busy = new Map<number, TruthCpu>();
  for (const match of current.matchAll(/^(\d+) (\d+) (\d+) (.*)$/gm)) {
    const [cpu, pid, tid] = [Number(match[1]), Number(match[2]), Number(match[3])];
    busy.set(cpu, { cpu, pid, tid, name: match[4] ?? '', mode: 'user' });
  }
  return Array.from({ length: cpus }, (_, cpu) => {
    return busy.get(cpu) ?? { cpu, pid: 0, tid: 0, name: `swapper/${cpu}`, mode: 'kernel' };
  });
}
