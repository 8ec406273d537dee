import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCString } from '@osi-linux/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareCurrent } from '../truth/compare/compare-current';
import { compareProcesses } from '../truth/compare/compare-processes';
import { compareThreads } from '../truth/compare/compare-threads';
import { type GuestTruth, parseGuestTruth } from '../truth/guest-truth';
import { parseTruthRecords } from '../truth/truth-records';
import { buildGuest } from './guest';
import { guestSpec, guestsOfThisRun } from './guest-table';
import { parseRegisters } from './machine/registers';

const MIB = 1024 * 1024;

/** The features that `zoo` may have to do without, by the words of its message. */
const NOT_EVERYWHERE: readonly string[] = [
  // tmpfs takes O_DIRECT since v6.6.
  '/zoo/files/plain',
  // Files of 32-bit kernels end at 8 TiB.
  'a position',
  // Not on i386, and only where it is switched on before v6.5.
  'memfd_secret',
  'landlock',
  '/dev/udmabuf',
  // Debian's kernels are built without CONFIG_ANON_VMA_NAME.
  'a name for memory',
  'a name for shared memory',
  // UDP-Lite, which the newest kernels dropped.
  'a socket',
];

describe.each(guestsOfThisRun())('the guest $name', (spec) => {
  let folder: string;
  let truth: GuestTruth;
  let section: Map<string, bigint>;

  beforeAll(async () => {
    folder = await buildGuest(guestSpec(spec));
    const { records } = parseTruthRecords(readFileSync(join(folder, 'truth')));
    truth = parseGuestTruth(records, spec);
    section = readSection(readFileSync(join(folder, 'dmesg.log'), 'utf8'));
  });

  it('is stopped where its specification says', () => {
    const cpus = parseRegisters(readFileSync(join(folder, 'registers.txt'), 'utf8'));
    expect(cpus.map(({ cpl, halted }) => ({ cpl, halted }))).toEqual(
      truth.cpus.map(({ mode }) => (mode === 'user' ? { cpl: 3, halted: false } : { cpl: 0, halted: true })),
    );
    expect(truth.cpus).toHaveLength(spec.cpus);
    if (spec.state === 'spinning') expect(truth.cpus[1]?.tid).not.toBe(truth.cpus[1]?.pid);
  });

  it('has dumps of all of its memory', () => {
    expect(statSync(join(folder, 'dump.raw')).size).toBe(spec.memoryMiB * MIB);
    expect(statSync(join(folder, 'dump.elf')).size).toBeGreaterThan(spec.memoryMiB * MIB);
    expect(readFileSync(join(folder, 'dump.elf')).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  });

  it('has a kernel log in both forms', () => {
    expect(readFileSync(join(folder, 'dmesg.log'), 'utf8')).toMatch(
      /^\[ +\d+\.\d{6}\] --KERNELINFO-BEGIN--$/m,
    );
    expect(readFileSync(join(folder, 'dmesg-raw.log'), 'utf8')).toMatch(
      /^<6>\[ +\d+\.\d{6}\] ---KERNELINFO-END---$/m,
    );
    expect(readFileSync(join(folder, 'insmod.log'), 'utf8')).toContain('Operation not permitted');
  });

  it('has the processes that the tests are about', () => {
    const names = truth.processes.map(({ comm }) => decodeCString(comm));
    for (const name of ['kthreadd', 'name with b', 'bad\ufffd\ufffd\ufffd(\ufffd\n', ') R 1 2 3 (', '']) {
      expect(names).toContain(name);
    }
    expect(truth.processes[0]).toMatchObject({ pid: 1, ppid: 0 });
    const find = (name: string) => truth.processes.find(({ comm }) => decodeCString(comm) === name);
    expect(find('zombie')).toMatchObject({ state: 'Z' });
    expect(find('dead-leader')).toMatchObject({ state: 'Z', threads: [{}, {}] });
    expect(find('orphan')).toMatchObject({ ppid: 1 });
    expect(find('nest-1')?.ppid).toBe(find('nest-2')?.pid);
    expect(find('threaded')?.threads).toHaveLength(4);
    expect(truth.processes.filter(({ uid }) => uid === 4294967294)).toMatchObject([
      { euid: 3000000001, gid: 2147483648, egid: 4000000002 },
    ]);
    expect(Math.max(...truth.processes.map(({ cmdline }) => cmdline.length))).toBeGreaterThan(5 * 4096);
  });

  it('lacks no state but those that some kernels do not have', () => {
    const console = readFileSync(join(folder, 'console.log'), 'latin1');
    const lacking = [...console.matchAll(/^zoo: without (.*): [^:\r\n]*\r?$/gm)].map((line) => line[1]);
    expect(lacking.filter((what) => !NOT_EVERYWHERE.includes(what ?? ''))).toEqual([]);
    expect(console).not.toMatch(/^collector: /m);
  });

  it('has a process with one mapping, one with many, and pages in the swap', () => {
    const { records } = parseTruthRecords(readFileSync(join(folder, 'truth')));
    const text = (path: string) =>
      Buffer.from(records.find((record) => record.path === path)?.bytes ?? []).toString('latin1');
    const lines = (name: string) => {
      const pid = truth.processes.find(({ comm }) => decodeCString(comm) === name)?.pid;
      return text(`/proc/${pid}/maps`)
        .split('\n')
        .filter((line) => line !== '' && !line.endsWith('[vsyscall]'));
    };
    expect(lines('one-mapping')).toHaveLength(1);
    expect(lines('map-many').length).toBeGreaterThan(1500);
    expect(text('/run/page-out')).toMatch(/^\d+ [0-9a-f]+ 1000$/m);
    expect(text('/proc/swaps')).toContain('/dev/zram0');
  });

  it('is described alike by /proc and by the test module, which read the kernel each in its own way', () => {
    const tasks = new Map(truth.tasks.map((task) => [task.pid, task]));
    // Kernel workers come and go as they like; nothing else does.
    const settled = truth.unsettled.map((pid) => tasks.get(pid)).filter((task) => task !== undefined);
    expect(settled.filter(({ kernelThread }) => !kernelThread)).toEqual([]);
    for (const process of truth.processes) {
      const task = tasks.get(process.pid);
      expect(task).toMatchObject({ tgid: process.tgid, ppid: process.ppid });
      if (task?.kernelThread === false) {
        expect(decodeCString(task.comm)).toBe(decodeCString(process.comm));
      }
      // A tick is 10 ms. The kernel reads the clock that /proc shows after the other one, maybe a tick later.
      const ahead = Number(task?.startTime) / 1e7 - process.startTimeTicks;
      expect(ahead).toBeGreaterThan(-1);
      expect(ahead).toBeLessThan(1.01);
      for (const { tid } of process.threads) expect(tasks.get(tid)?.tgid).toBe(process.pid);
    }
  });

  it('has each task in its memory where the test module and the section say', () => {
    const memory = openSync(join(folder, 'dump.raw'), 'r');
    const field = (address: bigint, key: string, length: number) => {
      const bytes = Buffer.alloc(length);
      const physical = address - value(section, 'kernel.page_offset_addr') + value(section, key);
      readSync(memory, bytes, 0, length, Number(physical));
      return bytes;
    };
    for (const task of truth.tasks.filter(({ pid }) => pid !== 0)) {
      expect(field(task.task, 'task.pid_offset', 4).readInt32LE()).toBe(task.pid);
      expect(field(task.task, 'task.tgid_offset', 4).readInt32LE()).toBe(task.tgid);
      expect(field(task.task, 'task.start_time_offset', 8).readBigUInt64LE()).toBe(task.startTime);
      expect(new Uint8Array(field(task.task, 'task.comm_offset', 16))).toEqual(task.comm);
    }
    closeSync(memory);
  });

  it('is told apart from another by the comparisons', () => {
    expect(compareProcesses(truth, []).length).toBeGreaterThan(truth.processes.length / 2);
    expect(compareThreads(truth, []).length).toBeGreaterThan(truth.processes.length / 2);
    expect(compareCurrent(truth, [])).toHaveLength(spec.cpus);
  });
});

/** The numbers of the KERNELINFO block, read without any code of the packages. */
function readSection(log: string): Map<string, bigint> {
  return new Map(
    [...log.matchAll(/\] ([a-zA-Z0-9_.]+) = (-?\d+)$/gm)].map((row) => [row[1] ?? '', BigInt(row[2] ?? 0)]),
  );
}

function value(section: ReadonlyMap<string, bigint>, key: string): bigint {
  const found = section.get(key);
  if (found === undefined) throw new Error(`no ${key} in the log`);
  return found;
}
