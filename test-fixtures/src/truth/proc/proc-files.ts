import { malformed } from '../internal/malformed';

/** The used fields of `/proc/PID/status` (proc(5)). */
export interface ProcStatus {
  readonly tgid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
}

/** The used fields of `/proc/PID/stat` (proc(5)). */
export interface ProcStat {
  /** One letter: `R`, `S`, `Z` ... */
  readonly state: string;
  /** Clock ticks of 10 ms since boot. */
  readonly startTimeTicks: number;
}

/** A line of the test module's `/proc/task_truth`. */
export interface TruthTask {
  /** Virtual address of the `task_struct`. */
  readonly task: bigint;
  readonly tgid: number;
  readonly pid: number;
  /** `real_parent->tgid`. */
  readonly ppid: number;
  readonly kernelThread: boolean;
  /** `start_time` in ns. */
  readonly startTime: bigint;
  /** Virtual address of the page-table root; null without `mm`. */
  readonly pgd: bigint | null;
  /** Physical address of the same. */
  readonly pgdPhysical: bigint | null;
  /** All bytes of `comm`. */
  readonly comm: Uint8Array;
}

/**
 * Reads `/proc/PID/status`. The name in it is passed over: its control characters are escaped, but not its blanks.
 * Older kernels print users and groups as signed numbers: 4294967294 is -2.
 *
 * @throws OsiError `TRUTH_MALFORMED` when a line is missing.
 *
 * @example
 * ```ts
 * const text = 'Name:\tsh\nTgid:\t7\nPPid:\t1\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n';
 * parseProcStatus(text) // => { tgid: 7, ppid: 1, uid: 1, euid: 2, gid: 5, egid: 6 }
 * ```
 */
export function parseProcStatus(text: string): ProcStatus {
  const numbers = (name: string, form: string): number[] => {
    const line = new RegExp(`^${name}:((?:\\t${form})+)$`, 'm').exec(text)?.[1];
    if (line === undefined) throw malformed(`status has no line "${name}:"`, text);
    return line.slice(1).split('\t').map(Number);
  };
  const [uid = Number.NaN, euid = Number.NaN] = numbers('Uid', '-?\\d+').map(unsigned);
  const [gid = Number.NaN, egid = Number.NaN] = numbers('Gid', '-?\\d+').map(unsigned);
  return {
    tgid: numbers('Tgid', '\\d+')[0] ?? Number.NaN,
    ppid: numbers('PPid', '\\d+')[0] ?? Number.NaN,
    uid,
    euid,
    gid,
    egid,
  };
}

function unsigned(id: number): number {
  return id >>> 0;
}

/**
 * Reads `/proc/PID/stat`. Its second field is the name in parentheses and may hold parentheses, blanks and newlines:
 * the fields are counted from the last `)`.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * parseProcStat('7 () R) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 312 0') // => { state: 'S', startTimeTicks: 312 }
 * ```
 */
export function parseProcStat(text: string): ProcStat {
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  // proc(5) counts from 1: the state is field 3, starttime field 22.
  const [state, start] = [fields[0], fields[22 - 3]];
  if (state === undefined || start === undefined || !/^\d+$/.test(start))
    throw malformed('stat is too short', text);
  return { state, startTimeTicks: Number(start) };
}

/**
 * Reads `/proc/task_truth`.
 *
 * @throws OsiError `TRUTH_MALFORMED` for a line that is not `task tgid pid ppid kthread start_time pgd physical comm`.
 *
 * @example
 * ```ts
 * const line = 'ffff888003a2c000 7 8 1 0 31000 ffff888000001000 1000 736800000000000000000000000000ff\n';
 * parseTaskTruth(line).map(({ task, pid, pgdPhysical }) => [task, pid, pgdPhysical])
 * // => [[0xffff888003a2c000n, 8, 0x1000n]]
 * parseTaskTruth('7\n') // throws TRUTH_MALFORMED
 * ```
 */
export function parseTaskTruth(text: string): TruthTask[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const match = TASK_LINE.exec(line);
    if (match === null) throw malformed('task_truth has a line of another form', line);
    const [, task = '', tgid, pid, ppid, kthread, startTime = '', pgd = '', physical = '', comm = ''] = match;
    return {
      task: BigInt(`0x${task}`),
      tgid: Number(tgid),
      pid: Number(pid),
      ppid: Number(ppid),
      kernelThread: kthread === '1',
      startTime: BigInt(startTime),
      pgd: pgd === '-' ? null : BigInt(`0x${pgd}`),
      pgdPhysical: physical === '-' ? null : BigInt(`0x${physical}`),
      comm: Uint8Array.from(Buffer.from(comm, 'hex')),
    };
  });
}

const TASK_LINE =
  /^([0-9a-f]{1,16}) (\d+) (\d+) (\d+) ([01]) (\d+) ([0-9a-f]{1,16}|-) ([0-9a-f]{1,16}|-) ([0-9a-f]{32})$/;
