import type { Architecture, Cpu } from '@osi-linux/core';
import { FakeKernel, fakeArchitecture } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { findCpu, findCurrentTask, readPerCpuOffset } from './per-cpu';

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
