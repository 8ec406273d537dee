import { OsiError, SkippedLog } from '@osi-linux/core';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { findCurrentTask, readOnlineCpus } from '../kernel/per-cpu';
import { StructView } from '../kernel/struct-view';
import { readCommandLine } from '../mm/command-line';
import { eachProcess, findInitTask } from './task-list';
import { eachThread } from './thread-list';

const kernel = () =>
  new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init', '', '--quiet'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon'], threads: ['worker a', 'worker b'] },
  ]);

describe('the task list', () => {
  it('yields init_task, then every leader', () => {
    const skipped = new SkippedLog();
    const found = [...eachProcess(kernel(), skipped)].map(({ tgid, comm }) => `${tgid} ${comm}`);
    expect(found).toEqual(['0 swapper/0', '1 init', '2 kthreadd', '10 daemon']);
    expect(skipped.records).toEqual([]);
  });

  it('has one task with the pid 0', () => {
    const fake = kernel();
    const daemon = [...eachProcess(fake, new SkippedLog())][3]!;
    for (const key of ['task.pid_offset', 'task.tgid_offset'] as const)
      fake.memory.writeInt(daemon.address + BigInt(fake.info[key]), 0);
    const skipped = new SkippedLog();
    expect([...eachProcess(fake, skipped)].map(({ tgid }) => tgid)).toEqual([0, 1, 2]);
    expect(skipped.records.map(({ subject }) => subject)).toEqual([
      { kind: 'process', address: daemon.address },
    ]);
  });

  it('tells what each task is', () => {
    const [, init, kthreadd, daemon] = [...eachProcess(kernel(), new SkippedLog())];
    expect(init!.isKernelThread).toBe(false);
    expect(kthreadd!.isKernelThread).toBe(true);
    expect(kthreadd!.mm).toBeUndefined();
    expect(daemon!.realParent.tgid).toBe(1);
    expect(daemon!.startTime).toBe(10_000_000n);
    expect(daemon!.realCred.uid).toBe(1010);
    expect(daemon!.realCred.egid).toBe(0xfffffffe);
  });

  it('tells a kernel thread without the flag by its family', () => {
    const fake = kernel();
    const info = { ...fake.info, 'task.flags_offset': undefined };
    const tasks = [...eachProcess({ memory: fake.memory, info } as never, new SkippedLog())];
    expect(tasks.map((task) => task.isKernelThread)).toEqual([true, false, true, false]);
  });

  it('names the key that the profile lacks', () => {
    const { memory } = kernel();
    expect(() => findInitTask({ memory, info: {} })).toThrow(OsiError);
  });
});

describe('the threads of a process', () => {
  it.each([
    ['signal_struct.thread_head', {}],
    ['task_struct.thread_group', { 'signal.thread_head_offset': undefined }],
  ])('come from %s', (_, changed) => {
    const fake = kernel();
    const found = { memory: fake.memory, info: { ...fake.info, ...changed } } as never;
    const leader = [...eachProcess(found, new SkippedLog())][3]!;
    const threads = [...eachThread(found, leader, new SkippedLog())].map(({ pid, tgid, comm }) => [
      pid,
      tgid,
      comm,
    ]);
    expect(threads).toEqual([
      [10, 10, 'daemon'],
      [11, 10, 'worker a'],
      [12, 10, 'worker b'],
    ]);
  });
});

describe('the threads of pid 0', () => {
  it('are itself, also where the kernel left its ring blank', () => {
    const fake = kernel();
    const info = { ...fake.info, 'signal.thread_head_offset': undefined };
    const found = { memory: fake.memory, info } as never;
    const read = (index: number) => {
      const skipped = new SkippedLog();
      const leader = [...eachProcess(found, new SkippedLog())][index]!;
      fake.memory.writeWord(leader.address + 0x900n, 0n);
      fake.memory.writeWord(leader.address + 0x908n, 0n);
      return [[...eachThread(found, leader, skipped)].length, skipped.records.length > 0];
    };
    expect(read(0)).toEqual([1, false]);
    expect(read(1)).toEqual([1, true]);
  });
});

describe('the command line of a process', () => {
  const init = (fake: FakeKernel) => [...eachProcess(fake, new SkippedLog())][1]!;

  it('keeps empty arguments and drops one final NUL', () => {
    expect(readCommandLine(init(kernel()).mm!)).toEqual(['/sbin/init', '', '--quiet']);
  });

  it('is the title that runs on into the environment', () => {
    const fake = kernel();
    const user = fake.memory.spaces.get(init(fake).mm!.asid)!;
    user.writeText(0x7ffd00001000n, 'a title longer than the arguments were');
    expect(readCommandLine(init(fake).mm!)).toEqual(['a title longer than the arguments were']);
  });

  it('is empty where the kernel says so', () => {
    const fake = kernel();
    const { address } = init(fake).mm!;
    fake.memory.writeWord(address + BigInt(fake.info['mm.arg_end_offset']), 0x7ffd00001000n);
    expect(readCommandLine(init(fake).mm!)).toEqual([]);
  });

  it('names bounds that make no sense, and pages that are not there', () => {
    const fake = kernel();
    const mm = init(fake).mm!;
    fake.memory.spaces.get(mm.asid)!.remove(0x7ffd00001000n);
    expect(() => readCommandLine(mm)).toThrow(/page not present: virtual 0x7ffd0000/);
    fake.memory.writeWord(mm.address + BigInt(fake.info['mm.arg_end_offset']), 0x7fff00000000n);
    expect(() => readCommandLine(mm)).toThrow(/expected at most 6291456 bytes/);
  });
});

describe('the processors', () => {
  it('run what their per-CPU areas say', () => {
    const fake = kernel();
    fake.run([10, 0]);
    expect(readOnlineCpus(fake)).toEqual([0, 1]);
    expect(readOnlineCpus(fake).map((cpu) => findCurrentTask(fake, cpu).comm)).toEqual([
      'daemon',
      'swapper/0',
    ]);
  });

  it('are not counted by a number that makes no sense', () => {
    const fake = kernel();
    fake.run([10]);
    fake.memory.writeInt(fake.info['cpu.nr_cpu_ids_addr'], 1_000_000);
    expect(() => readOnlineCpus(fake)).toThrow(/nr_cpu_ids is 1000000/);
  });
});

describe('StructView', () => {
  it('reads fields that straddle pages and lie before the structure', () => {
    const { memory } = kernel();
    const at = 0xffff888090000ffcn;
    memory.writeWord(at, 0x1122334455667788n);
    memory.writeInt(at - 8n, -7);
    const view = new StructView(memory, at);
    expect(view.u64(0)).toBe(0x1122334455667788n);
    expect(view.u32(2)).toBe(0x33445566);
    expect(view.s32(-8)).toBe(-7);
    expect([...view.bytes(0, 3)]).toEqual([0x88, 0x77, 0x66]);
    expect(() => view.u32(0x2000)).toThrow(/not present/);
  });
});
