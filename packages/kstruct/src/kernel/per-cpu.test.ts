import type { Architecture, Cpu } from '@osi-linux/core';
import { FakeKernel, fakeArchitecture } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { findCpu, findCurrentTask, findStartedCpus, readPerCpuOffset } from './per-cpu';

function createGuest(architecture: Architecture = fakeArchitecture) {
  const fake = new FakeKernel(
    [
      { pid: 0, comm: 'swapper/0' },
      { pid: 1, comm: 'init', args: ['/init'] },
      { pid: 2, comm: 'kthreadd' },
    ],
    architecture,
  );
  fake.run([1, 2]);
  return { fake, kernel: { memory: fake.memory, info: fake.info } };
}

describe('findCpu', () => {
  it('is the processor whose registers have the base of the area, in whatever order the source counts', () => {
    const { kernel } = createGuest();
    const cpus = [1, 0].map((cpu, index): Cpu => {
      return { index, registers: { gs_base: readPerCpuOffset(kernel, cpu) } };
    });
    expect([0, 1].map((cpu) => findCpu(kernel, cpus, cpu)?.index)).toEqual([1, 0]);
    expect(findCpu(kernel, [{ index: 0, registers: {} }], 0)).toBeUndefined();
  });

  it('is none where the kernel has no areas', () => {
    const { fake, kernel } = createGuest();
    fake.memory.writeWord(fake.info['task.per_cpu_offsets_addr'], 0n);
    expect(findCpu(kernel, [{ index: 0, registers: { gs_base: 0n } }], 0)).toBeUndefined();
  });
});

describe('findCurrentTask', () => {
  it('reads the per-CPU variable where registers do not lead to the task', () => {
    const { kernel } = createGuest();
    expect([0, 1].map((cpu) => findCurrentTask(kernel, cpu, []).comm)).toEqual(['init', 'kthreadd']);
  });

  it('goes by the registers where the architecture keeps the task in one, and by the variable in user mode', () => {
    const architecture = { ...fakeArchitecture, currentTask: ({ registers }: Cpu) => registers.rsp };
    const { fake, kernel } = createGuest(architecture);
    const cpus: Cpu[] = [
      { index: 0, registers: { gs_base: readPerCpuOffset(kernel, 0), rsp: fake.task(2) } },
      { index: 1, registers: { gs_base: readPerCpuOffset(kernel, 1) } },
    ];
    expect(findCurrentTask(kernel, 0, cpus).comm).toBe('kthreadd');
    expect(findCurrentTask(kernel, 1, cpus).comm).toBe('kthreadd');
    expect(findCurrentTask(kernel, 0, cpus.slice(1)).comm).toBe('init');
  });
});

describe('findStartedCpus', () => {
  const offset = (cpu: number) => 0xffff888030000000n + BigInt(cpu) * 0x10000n;
  const setCpu = ({ fake }: ReturnType<typeof createGuest>, cpu: number, task: bigint) => {
    fake.memory.writeWord(fake.info['task.per_cpu_offsets_addr'] + BigInt(cpu) * 8n, offset(cpu));
    fake.memory.writeWord(offset(cpu) + fake.info['task.current_task_addr'], task);
  };

  it('are those whose area has a task of their own, up to the first that has not', () => {
    const guest = createGuest();
    expect(findStartedCpus(guest.kernel)).toEqual([0, 1]);
    setCpu(guest, 2, guest.fake.task(1));
    setCpu(guest, 3, guest.fake.task(0));
    setCpu(guest, 4, guest.fake.task(2));
    expect(findStartedCpus(guest.kernel)).toEqual([0, 1, 2]);
    setCpu(guest, 3, 0x1234n);
    expect(findStartedCpus(guest.kernel)).toEqual([0, 1, 2]);
  });

  it('do not count the area of another processor again, as unused entries of the table have the same', () => {
    const guest = createGuest();
    const { fake, kernel } = guest;
    const table = fake.info['task.per_cpu_offsets_addr'];
    fake.memory.writeWord(table + 16n, readPerCpuOffset(kernel, 1));
    expect(findStartedCpus(kernel)).toEqual([0, 1]);
  });

  it('are processor 0 alone where the kernel has no such table, or where it cannot be read', () => {
    const { kernel } = createGuest();
    const of = (keys: object) => findStartedCpus({ ...kernel, info: { ...kernel.info, ...keys } });
    expect(of({ 'task.per_cpu_offsets_addr': 0n })).toEqual([0]);
    expect(of({ 'task.per_cpu_offsets_addr': undefined })).toEqual([0]);
    expect(of({ 'task.current_task_addr': kernel.info['task.init_addr'] })).toEqual([0]);
    expect(of({ 'task.per_cpu_offsets_addr': 0xffff888079000000n })).toEqual([0]);
  });
});
