import { SkippedLog } from '@osi-linux/core';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { StructView } from '../kernel/struct-view';
import { readCommandLine } from '../mm/command-line';
import { ProcessReader, type ProcessRecord } from './process-reader';
import type { Task } from './task';
import { eachProcess } from './task-list';

const EXIT_STATE = 0x400;
/** `task.flags_offset` of the fake kernel. */
const FLAGS = 0x2c;

function createGuest(changed: Readonly<Record<string, number | undefined>> = {}) {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init', '', '--quiet'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 3, ppid: 2, comm: 'kworker/0:1' },
    { pid: 10, ppid: 1, comm: 'a name of 15 b.', args: ['daemon', 'ä'], threads: ['worker'] },
    { pid: 11, ppid: 10, comm: 'init', args: ['x'] },
  ]);
  const kernel = { memory: fake.memory, info: { ...fake.info, ...changed } };
  const tasks = [...eachProcess(kernel, new SkippedLog())];
  return { fake, kernel, tasks, reader: new ProcessReader(kernel) };
}

/** The values of the properties, one by one. */
function describeParts(task: Task): ProcessRecord {
  const { mm, realCred } = task;
  const { uid, gid, euid, egid } = realCred;
  return {
    taskd: task.address,
    pid: task.tgid,
    ppid: task.ppid,
    name: task.comm,
    createTime: task.startTime,
    kernelThread: task.isKernelThread,
    pgd: mm?.pgd ?? null,
    asid: mm?.asid ?? null,
    cmdline: mm === undefined ? [] : readCommandLine(mm),
    uid,
    gid,
    euid,
    egid,
  };
}

describe('ProcessReader', () => {
  it('says what the properties say, the first time and again', () => {
    const { tasks, reader } = createGuest();
    expect(tasks).toHaveLength(6);
    for (const task of [...tasks, ...tasks.reverse()]) expect(reader.read(task)).toEqual(describeParts(task));
  });

  it('gives arguments that are the own of who asks', () => {
    const { tasks, reader } = createGuest();
    (reader.read(tasks[1]!)!.cmdline as string[]).push('changed');
    expect(reader.read(tasks[1]!)?.cmdline).toEqual(['/sbin/init', '', '--quiet']);
  });

  it.each(['task.mm_offset', 'task.real_cred_offset', 'task.real_parent_offset'] as const)(
    'leaves to others what %s contradicts',
    (key) => {
      const { fake, kernel, tasks, reader } = createGuest();
      fake.memory.writeWord(tasks[4]!.address + BigInt(kernel.info[key]!), 0xffff888000000003n);
      const read = () => reader.read(tasks[4]!);
      if (key === 'task.real_parent_offset') expect(read).toThrow(/task_struct/);
      else expect(read()).toBeUndefined();
    },
  );

  it('leaves to others credentials that nobody holds', () => {
    const { fake, kernel, tasks, reader } = createGuest({ 'cred.usage_offset': 0x80 });
    const cred = new StructView(kernel.memory, tasks[1]!.address).word(kernel.info['task.real_cred_offset']!);
    fake.memory.writeWord(cred + 0x80n, 0n);
    expect(reader.read(tasks[1]!)).toBeUndefined();
    fake.memory.writeWord(cred + 0x80n, 1n);
    expect(reader.read(tasks[1]!)?.pid).toBe(1);
    // Text of a page that was torn.
    fake.memory.writeInt(cred + 0x80n, 0x65666365);
    expect(reader.read(tasks[1]!)).toBeUndefined();
    expect(() => tasks[1]!.realCred).toThrow('usage is 1701208933, expected 1 to 67108864');
  });

  it('leaves to others a page table that is not aligned', () => {
    const { fake, kernel, tasks, reader } = createGuest();
    const mm = tasks[1]!.mm!;
    fake.memory.writeWord(mm.address + BigInt(kernel.info['mm.pgd_offset']), mm.pgd + 8n);
    expect(reader.read(tasks[1]!)).toBeUndefined();
    expect(() => tasks[1]!.mm).toThrow('expected the aligned address of a page table');
  });

  it('does not take a parent with the pid 0 for the parent of all', () => {
    const { fake, kernel, tasks, reader } = createGuest();
    const daemon = tasks[4]!;
    fake.memory.writeInt(daemon.address + BigInt(kernel.info['task.pid_offset']), 0);
    fake.memory.writeInt(daemon.address + BigInt(kernel.info['task.tgid_offset']), 0);
    expect(() => reader.read(tasks[5]!)).toThrow('expected 1 to');
    expect(() => tasks[5]!.ppid).toThrow('expected 1 to');
  });
});

describe('a task without an address space', () => {
  const without = () => {
    const guest = createGuest({ 'task.exit_state_offset': EXIT_STATE });
    const { info } = guest.kernel;
    const daemon = guest.tasks[4]!;
    const write = (offset: number, value: number) =>
      guest.fake.memory.writeInt(daemon.address + BigInt(offset), value);
    guest.fake.memory.writeWord(daemon.address + BigInt(info['task.mm_offset']), 0n);
    write(EXIT_STATE, 0);
    return { ...guest, daemon, write };
  };

  it('is damaged', () => {
    const { daemon, reader } = without();
    expect(() => daemon.mm).toThrow('expected an address space, as it is neither a kernel thread nor exits');
    expect(() => reader.read(daemon)).toThrow(/task_struct/);
  });

  it.each([
    ['exits', FLAGS, 4],
    ['has exited', EXIT_STATE, 32],
    ['is a kernel thread', FLAGS, 0x200000],
  ])('is sound if it %s', (_, offset, value) => {
    const { daemon, reader, write } = without();
    write(offset, value);
    expect([daemon.mm, reader.read(daemon)?.pgd]).toEqual([undefined, null]);
  });

  it('is sound if a kernel thread made it', () => {
    const { daemon, kernel, fake, tasks, reader } = without();
    fake.memory.writeWord(daemon.address + BigInt(kernel.info['task.real_parent_offset']), tasks[3]!.address);
    expect([daemon.mm, reader.read(daemon)?.pgd]).toEqual([undefined, null]);
  });

  it('is a kernel thread that uses that of a process', () => {
    const { daemon, kernel, fake, tasks, reader, write } = without();
    const mm = BigInt(kernel.info['task.mm_offset']);
    const init = new StructView(kernel.memory, tasks[1]!.address).word(Number(mm));
    fake.memory.writeWord(daemon.address + mm, init);
    write(FLAGS, 0x200000);
    expect([daemon.mm, reader.read(daemon)?.pgd, reader.read(daemon)?.cmdline]).toEqual([
      undefined,
      null,
      [],
    ]);
  });

  it('leaves all to others where the profile lacks a key', () => {
    const { tasks, reader } = createGuest({ 'cred.uid_offset': undefined });
    expect(reader.read(tasks[1]!)).toBeUndefined();
  });
});
