import { describe, expect, it } from 'vitest';
import type { GuestTruth, TruthProcess } from '../guest-truth';
import type { Row } from '../internal/difference';
import type { TruthTask } from '../proc/proc-files';
import { compareCurrent } from './compare-current';
import { compareProcesses } from './compare-processes';
import { compareThreads } from './compare-threads';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const comm = (text: string) => bytes(text.padEnd(16, '\0'));

function task(pid: number, fields: Partial<TruthTask> = {}): TruthTask {
  const kernelThread = fields.kernelThread ?? false;
  return {
    task: 0xffff888000000000n + BigInt(pid) * 0x1000n,
    tgid: pid,
    pid,
    ppid: 1,
    kernelThread,
    startTime: 2_219_335_600n,
    pgd: kernelThread ? null : 0xffff888000100000n,
    pgdPhysical: kernelThread ? null : 0x100000n,
    comm: comm(`name ${pid}`),
    ...fields,
  };
}

function process(pid: number, fields: Partial<TruthProcess> = {}): TruthProcess {
  return {
    ...{ pid, tgid: pid, ppid: 1, uid: 1000, gid: 1001, euid: 3000000001, egid: 4 },
    ...{ state: 'S', startTimeTicks: 221, comm: bytes(`name ${pid}`), cmdline: bytes('sh\0\0-c\0') },
    threads: [{ tid: pid, comm: bytes(`name ${pid}`) }],
    ...fields,
  };
}

const KWORKER = { kernelThread: true, comm: comm('kworker/0:1') };

/** The order of the kernel is not that of the pids: 9 before 8. */
const TRUTH: GuestTruth = {
  processes: [
    process(7, {
      threads: [
        { tid: 7, comm: bytes('name 7') },
        { tid: 70, comm: bytes('t\xff') },
      ],
    }),
    process(8),
    process(9, {
      ...{ ppid: 2, uid: 0, gid: 0, euid: 0, egid: 0, cmdline: bytes('') },
      ...{ comm: bytes('kworker/0:1-events'), threads: [{ tid: 9, comm: bytes('kworker/0:1-events') }] },
    }),
  ],
  unsettled: [20],
  tasks: [
    task(0, { kernelThread: true, ppid: 0, startTime: 0n, comm: comm('swapper/0') }),
    task(7),
    task(70, { tgid: 7, comm: comm('t\xff') }),
    task(9, { ...KWORKER, ppid: 2 }),
    task(8),
  ],
  cpus: [
    { cpu: 0, pid: 7, tid: 70, name: 't\ufffd', mode: 'user' },
    { cpu: 1, pid: 0, tid: 0, name: 'swapper/1', mode: 'kernel' },
  ],
};

const USER = { pgd: '0xffff888000100000', asid: '0x100000', kernelThread: false, createTime: 2219335600 };
const KERNEL = { pgd: null, asid: null, kernelThread: true };
const IDS = { uid: 1000, gid: 1001, euid: 3000000001, egid: 4 };
const ROOT = { uid: 0, gid: 0, euid: 0, egid: 0 };
const PROCESSES: readonly Row[] = [
  {
    pid: 0,
    ppid: 0,
    name: 'swapper/0',
    taskd: '0xffff888000000000',
    ...KERNEL,
    createTime: 0,
    ...ROOT,
    cmdline: [],
  },
  {
    pid: 7,
    ppid: 1,
    name: 'name 7',
    taskd: '0xffff888000007000',
    ...USER,
    ...IDS,
    cmdline: ['sh', '', '-c'],
  },
  {
    ...{ pid: 9, ppid: 2, name: 'kworker/0:1', taskd: '0xffff888000009000', ...KERNEL },
    ...{ createTime: 2219335600, ...ROOT, cmdline: [] },
  },
  {
    pid: 8,
    ppid: 1,
    name: 'name 8',
    taskd: '0xffff888000008000',
    ...USER,
    ...IDS,
    cmdline: ['sh', '', '-c'],
  },
];

/** The right rows with one of them changed. */
function withChange(rows: readonly Row[], index: number, change: Row): Row[] {
  return rows.map((row, at) => (at === index ? { ...row, ...change } : row));
}

describe('compareProcesses', () => {
  it('finds nothing wrong with the right rows', () => {
    expect(compareProcesses(TRUTH, PROCESSES)).toEqual([]);
  });

  it.each([
    [{ uid: 0 }, 'uid: expected 1000, received 0'],
    [{ gid: -1 }, 'gid: expected 1001, received -1'],
    [{ euid: -1294967295 }, 'euid: expected 3000000001, received -1294967295'],
    [{ egid: undefined }, 'egid: expected 4, received undefined'],
    [{ ppid: 0 }, 'ppid: expected 1, received 0'],
    [{ name: 'name' }, 'name: expected "name 7", received "name"'],
    [{ cmdline: ['sh', '-c'] }, 'cmdline: expected ["sh","","-c"], received ["sh","-c"]'],
    [{ taskd: '0x0' }, 'taskd: expected "0xffff888000007000", received "0x0"'],
    [{ pgd: null }, 'pgd: expected "0xffff888000100000", received null'],
    [{ asid: '0x101000' }, 'asid: expected "0x100000", received "0x101000"'],
    [{ kernelThread: true }, 'kernelThread: expected false, received true'],
    [{ createTime: 2219335601 }, 'createTime: expected 2219335600, received 2219335601'],
  ])('reports %o', (change, sentence) => {
    expect(compareProcesses(TRUTH, withChange(PROCESSES, 1, change))).toEqual([
      `pid 7 "name 7": ${sentence}`,
    ]);
  });

  it('holds createTime against /proc as well', () => {
    const elsewhere = {
      ...TRUTH,
      tasks: TRUTH.tasks.map((row) => (row.pid === 7 ? task(7, { startTime: 5n }) : row)),
    };
    expect(compareProcesses(elsewhere, withChange(PROCESSES, 1, { createTime: 5 }))).toEqual([
      'pid 7 "name 7": createTime: expected a time in tick 221, received 5',
    ]);
  });

  it('allows a time within 100 us of the border of its tick or the one before, and no further', () => {
    const startingAt = (startTime: bigint) => {
      const tasks = TRUTH.tasks.map((row) => (row.pid === 7 ? task(7, { startTime }) : row));
      return compareProcesses(
        { ...TRUTH, tasks },
        withChange(PROCESSES, 1, { createTime: Number(startTime) }),
      );
    };
    expect(startingAt(2_220_090_000n)).toEqual([]);
    expect(startingAt(2_209_910_000n)).toEqual([]);
    expect(startingAt(2_220_110_000n)).toHaveLength(1);
    expect(startingAt(2_199_910_000n)).toEqual([]);
    expect(startingAt(2_199_890_000n)).toHaveLength(1);
  });

  it('takes the name of pid 0 from the kernel, if it is known', () => {
    const [idle, ...others] = TRUTH.tasks;
    const truth = { ...TRUTH, tasks: [{ ...idle!, comm: comm('swapper') }, ...others] };
    expect(compareProcesses(truth, withChange(PROCESSES, 0, { name: 'swapper' }))).toEqual([]);
    expect(compareProcesses(truth, PROCESSES)).toEqual([
      'pid 0 "swapper": name: expected "swapper", received "swapper/0"',
    ]);
  });

  it('reports rows that are missing, too many, or there twice', () => {
    expect(
      compareProcesses(
        TRUTH,
        PROCESSES.filter(({ pid }) => pid !== 8),
      ),
    ).toEqual(['missing row: pid 8 "name 8"']);
    expect(compareProcesses(TRUTH, PROCESSES.slice(1))).toEqual(['missing row: pid 0 "swapper/0"']);
    expect(compareProcesses(TRUTH, [...PROCESSES, { pid: 10, name: 'x' }])).toEqual([
      'extra row: pid 10 "x"',
    ]);
    expect(compareProcesses(TRUTH, [...PROCESSES, ...PROCESSES.slice(3)])).toEqual(['pid 8: 2 rows']);
    expect(compareProcesses(TRUTH, [])).toContain('missing row: pid 7 "name 7"');
  });

  it('reports another order than that of the kernel', () => {
    const ascending = [...PROCESSES].sort((one, other) => Number(one['pid']) - Number(other['pid']));
    expect(compareProcesses(TRUTH, ascending)).toEqual(['order: expected 9 before 8']);
  });

  it('passes over what came or went, and over two kworkers, but not over three', () => {
    const worker = (pid: number) => ({ pid, name: `kworker/1:${pid}` });
    expect(compareProcesses(TRUTH, [...PROCESSES, { pid: 20, name: 'x' }, worker(30), worker(31)])).toEqual(
      [],
    );
    expect(compareProcesses(TRUTH, [...PROCESSES, worker(30), worker(31), worker(32)])).toHaveLength(3);
    expect(
      compareProcesses(
        TRUTH,
        PROCESSES.filter(({ pid }) => pid !== 9),
      ),
    ).toEqual([]);
  });
});

const THREADS: readonly Row[] = [
  { pid: 7, tid: 7, name: 'name 7', taskd: '0xffff888000007000' },
  { pid: 7, tid: 70, name: 't\ufffd', taskd: '0xffff888000046000' },
  { pid: 9, tid: 9, name: 'kworker/0:1', taskd: '0xffff888000009000' },
  { pid: 8, tid: 8, name: 'name 8', taskd: '0xffff888000008000' },
];

describe('compareThreads', () => {
  it('finds nothing wrong with the right rows', () => {
    expect(compareThreads(TRUTH, THREADS)).toEqual([]);
  });

  it('reports a wrong field, a missing row, an extra row and a row that is there twice', () => {
    expect(compareThreads(TRUTH, withChange(THREADS, 1, { name: 'name 7' }))).toEqual([
      'pid 7 tid 70 "t\ufffd": name: expected "t\ufffd", received "name 7"',
    ]);
    expect(compareThreads(TRUTH, withChange(THREADS, 1, { pid: 70 }))).toEqual([
      'pid 7 tid 70 "t\ufffd": pid: expected 7, received 70',
    ]);
    expect(
      compareThreads(
        TRUTH,
        THREADS.filter(({ tid }) => tid !== 70),
      ),
    ).toEqual(['missing row: pid 7 tid 70 "t\ufffd"']);
    const idle = { pid: 0, tid: 0, name: 'swapper/0', taskd: '0xffff888000000000' };
    expect(compareThreads(TRUTH, [idle, ...THREADS])).toEqual(['extra row: pid 0 tid 0 "swapper/0"']);
    expect(compareThreads(TRUTH, [...THREADS, ...THREADS.slice(3)])).toEqual([
      'pid 8 tid 8 "name 8": more than one row',
    ]);
  });
});

const CURRENT: readonly Row[] = [
  { cpu: 0, pid: 7, tid: 70, name: 't\ufffd', taskd: '0xffff888000046000', asid: '0x100000', mode: 'user' },
  { cpu: 1, pid: 0, tid: 0, name: 'swapper/1', taskd: '0xffff888000abc000', asid: null, mode: 'kernel' },
];

describe('compareCurrent', () => {
  it('finds nothing wrong with the right rows', () => {
    expect(compareCurrent(TRUTH, CURRENT)).toEqual([]);
  });

  it('reports a wrong field, a missing row, an extra row and a row that is there twice', () => {
    expect(compareCurrent(TRUTH, withChange(CURRENT, 0, { tid: 7 }))).toEqual([
      'cpu 0 "t\ufffd": tid: expected 70, received 7',
    ]);
    expect(compareCurrent(TRUTH, withChange(CURRENT, 1, { mode: 'user' }))).toEqual([
      'cpu 1 "swapper/1": mode: expected "kernel", received "user"',
    ]);
    expect(compareCurrent(TRUTH, CURRENT.slice(1))).toEqual(['missing row: cpu 0 "t\ufffd"']);
    expect(compareCurrent(TRUTH, [...CURRENT, { cpu: 2, name: 'x' }])).toEqual(['extra row: cpu 2 "x"']);
    expect(compareCurrent(TRUTH, [...CURRENT, ...CURRENT.slice(1)])).toEqual([
      'extra row: cpu 1 "swapper/1"',
    ]);
  });

  it('knows the idle task of the first processor', () => {
    const idle = { ...TRUTH, cpus: [{ cpu: 0, pid: 0, tid: 0, name: 'swapper/0', mode: 'kernel' as const }] };
    const row = { cpu: 0, pid: 0, tid: 0, name: 'swapper/0', taskd: '0x1', asid: null, mode: 'kernel' };
    expect(compareCurrent(idle, [row])).toEqual([
      'cpu 0 "swapper/0": taskd: expected "0xffff888000000000", received "0x1"',
    ]);
  });
});
