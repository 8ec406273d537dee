import { formatSubject } from '@osi-linux/core';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OsiLinux } from './osi-linux';

function createGuest() {
  const kernel = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon', '-f'], threads: ['worker'] },
  ]);
  kernel.run([11, 2]);
  return { kernel, linux: new OsiLinux({ kernel, cpus: [] }) };
}

describe('getProcesses', () => {
  it('has a row a thread group, pid 0 included', () => {
    const rows = createGuest().linux.getProcesses();
    expect(rows.map(({ pid, ppid, name, cmdline }) => [pid, ppid, name, cmdline])).toEqual([
      [0, 0, 'swapper/0', []],
      [1, 0, 'init', ['/sbin/init']],
      [2, 0, 'kthreadd', []],
      [10, 1, 'daemon', ['daemon', '-f']],
    ]);
    expect(rows.skipped).toEqual([]);
  });

  it('gives what does not exist as null without a reason', () => {
    const kthreadd = createGuest().linux.getProcesses()[2];
    expect(kthreadd).toMatchObject({ pgd: null, asid: null, kernelThread: true });
  });

  it('keeps the row where a part of it is missing, and says why', () => {
    const { kernel, linux } = createGuest();
    // The credentials of the fake tasks lie on a page of their own, the third of each task.
    kernel.memory.remove(kernel.task(1) + 0x2600n);
    const rows = linux.getProcesses();
    expect(rows[1]).toMatchObject({ pid: 1, name: 'init', uid: null, egid: null });
    expect(rows.skipped.map(({ subject, reason }) => `${formatSubject(subject)} ${reason.code}`)).toContain(
      'pid 1: uid PAGE_NOT_PRESENT',
    );
  });
});

describe('getThreads', () => {
  it('has a row a thread with its own name, and none of pid 0', () => {
    const rows = createGuest().linux.getThreads();
    expect(rows.map(({ pid, tid, name }) => [pid, tid, name])).toEqual([
      [1, 1, 'init'],
      [2, 2, 'kthreadd'],
      [10, 10, 'daemon'],
      [10, 11, 'worker'],
    ]);
  });
});

describe('current', () => {
  it('is the thread that each processor runs', () => {
    const rows = createGuest().linux.getCurrent();
    expect(rows.map(({ cpu, pid, tid, name }) => [cpu, pid, tid, name])).toEqual([
      [0, 10, 11, 'worker'],
      [1, 2, 2, 'kthreadd'],
    ]);
  });

  it('has no mode for a user task without registers, and says so; a kernel thread is in the kernel', () => {
    const rows = createGuest().linux.getCurrent();
    expect(rows.map(({ mode }) => mode)).toEqual([null, 'kernel']);
    expect(rows.skipped.map(({ reason }) => reason.code)).toEqual(['CPU_REGISTERS_MISSING']);
  });

  it('takes the mode from the processor whose GS base is the per-CPU area, whatever its place in the dump', () => {
    const { kernel } = createGuest();
    const area = (cpu: number) => 0xffff888000900000n + BigInt(cpu) * 0x1000n;
    const cpus = [
      { index: 0, registers: { cs: 0x10n, gs_base: area(1) } },
      { index: 1, registers: { cs: 0x33n, gs_base: 0x7f0000000000n, kernel_gs_base: area(0) } },
    ];
    expect(new OsiLinux({ kernel, cpus }).getCurrent().map(({ mode }) => mode)).toEqual(['user', 'kernel']);
  });

  it('of the OSI API names the process by its leader', () => {
    const { linux } = createGuest();
    expect(linux.getCurrentProcess(0)).toMatchObject({
      pid: 10,
      name: 'daemon',
      createTime: 10_000_000n,
      skipped: [],
    });
    expect(linux.getCurrentThread(0)).toEqual({ pid: 10, tid: 11 });
  });
});
