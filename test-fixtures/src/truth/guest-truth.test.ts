import { describe, expect, it } from 'vitest';
import { parseGuestTruth } from './guest-truth';
import { parseProcStat, parseProcStatus } from './proc/proc-files';
import { formatGuestTruth } from './truth-json';
import type { TruthRecord, TruthRecordKind } from './truth-records';

function record(kind: TruthRecordKind, path: string, text: string): TruthRecord {
  return { kind, path, bytes: Uint8Array.from(Buffer.from(text, 'latin1')) };
}

const STATUS = 'Name:\tx\nTgid:\t7\nPPid:\t1\nUid:\t4294967294\t3000000001\t5\t5\nGid:\t1\t2\t3\t4\n';
const STAT = '7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 312 0\n';

function processRecords(pid: number, tasks: string): TruthRecord[] {
  const folder = `/proc/${pid}`;
  return [
    record('file', `${folder}/stat`, STAT),
    record('file', `${folder}/status`, STATUS),
    record('file', `${folder}/comm`, 'a\n\xff\n'),
    record('file', `${folder}/cmdline`, 'a\0\0'),
    record('list', `${folder}/task`, tasks),
    ...tasks
      .split('\n')
      .filter(Boolean)
      .map((tid) => record('file', `${folder}/task/${tid}/comm`, `t${tid}\n`)),
  ];
}

describe('parseProcStatus', () => {
  it('reads users and groups that a kernel prints as signed numbers', () => {
    const text = 'Name:\tx\nTgid:\t7\nPPid:\t1\nUid:\t-2\t-1294967295\t5\t5\nGid:\t-1\t-2147483648\t3\t4\n';
    expect(parseProcStatus(text)).toEqual({
      ...{ tgid: 7, ppid: 1, uid: 4294967294, euid: 3000000001 },
      ...{ gid: 4294967295, egid: 2147483648 },
    });
    expect(() => parseProcStatus(text.replace('PPid:\t1', 'PPid:\t-1'))).toThrow(
      'status has no line "PPid:"',
    );
    expect(() => parseProcStatus(text.replace('Uid:\t-2', 'Uid:\t--2'))).toThrow('status has no line "Uid:"');
  });
});

describe('parseGuestTruth', () => {
  it('reads a process with its threads, and drops one newline of comm', () => {
    const { processes, unsettled } = parseGuestTruth(
      [
        record('list', '/proc', '7\n'),
        ...processRecords(7, '7\n9\n'),
        record('list', '/proc', '7\n'),
        record('list', '/proc/7/task', '7\n9\n'),
      ],
      { cpus: 1 },
    );
    expect(unsettled).toEqual([]);
    expect(processes).toEqual([
      {
        pid: 7,
        tgid: 7,
        ppid: 1,
        uid: 4294967294,
        euid: 3000000001,
        gid: 1,
        egid: 2,
        state: 'S',
        startTimeTicks: 312,
        comm: Uint8Array.of(0x61, 0x0a, 0xff),
        cmdline: Uint8Array.of(0x61, 0, 0),
        threads: [
          { tid: 7, comm: Uint8Array.of(0x74, 0x37) },
          { tid: 9, comm: Uint8Array.of(0x74, 0x39) },
        ],
      },
    ]);
  });

  it('knows nothing of processes that came, went, or changed their threads', () => {
    const { processes, unsettled } = parseGuestTruth(
      [
        record('list', '/proc', '5\n7\n8\n'),
        ...processRecords(7, '7\n'),
        ...processRecords(8, '8\n'),
        record('list', '/proc', '7\n8\n9\n'),
        record('list', '/proc/7/task', '7\n70\n'),
        record('list', '/proc/8/task', '8\n'),
      ],
      { cpus: 1 },
    );
    expect(processes.map(({ pid }) => pid)).toEqual([8]);
    expect(unsettled).toEqual([5, 7, 9]);
  });

  it('gives the processors that no spinner names to their idle tasks', () => {
    const truth = parseGuestTruth([record('file', '/run/current', '1 7 9 spin thread 1\n')], { cpus: 2 });
    expect(truth.cpus).toEqual([
      { cpu: 0, pid: 0, tid: 0, name: 'swapper/0', mode: 'kernel' },
      { cpu: 1, pid: 7, tid: 9, name: 'spin thread 1', mode: 'user' },
    ]);
  });

  it('is printed with bytes and addresses as hex', () => {
    const line = 'ffff888003a2c000 7 7 1 0 31000 - - 736800000000000000000000000000ff\n';
    const truth = parseGuestTruth([record('file', '/proc/task_truth', line)], { cpus: 0 });
    expect(JSON.parse(formatGuestTruth(truth)).tasks).toEqual([
      {
        task: '0xffff888003a2c000',
        tgid: 7,
        pid: 7,
        ppid: 1,
        kernelThread: false,
        startTime: 31000,
        pgd: null,
        pgdPhysical: null,
        comm: '736800000000000000000000000000ff',
      },
    ]);
  });
});

describe('files of /proc', () => {
  it('are refused when they are cut', () => {
    expect(() => parseProcStatus('Name:\tx\nTgid:\t7\n')).toThrow('status has no line');
    expect(() => parseProcStat('7 (a) S 1 7')).toThrow('stat is too short');
  });

  it('are not misled by a name that looks like fields', () => {
    expect(parseProcStat(STAT.replace('a) b', ') R 1 2 3 ('))).toEqual({ state: 'S', startTimeTicks: 312 });
  });
});
