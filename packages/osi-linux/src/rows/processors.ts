import { type Cpu, OsiError, type SkippedLog } from '@osi-linux/core';
import {
  findCpu,
  findCurrentTask,
  findStartedCpus,
  isCpuOnline,
  type Kernel,
  readOnlineCpus,
  type Task,
} from '@osi-linux/kstruct';
import type { OsiExecutionPoint } from '@osi-linux/osi';
import type { LinuxCurrent } from './linux-types';
import { readAsid, readThread } from './process-row';

/** The processors of a guest: which are online, their threads, and where they are. */
export class Processors {
  private readonly kernel: Kernel;
  private readonly cpus: readonly Cpu[];

  constructor(kernel: Kernel, cpus: readonly Cpu[]) {
    this.kernel = kernel;
    this.cpus = cpus;
  }

  /**
   * Numbers of the processors: those that the kernel lists as online, else those of the source, else those that the
   * kernel has started; 0 alone where the profile does not say which task runs.
   */
  online(): readonly number[] {
    const { info } = this.kernel;
    const told = info['cpu.nr_cpu_ids_addr'] !== undefined && info['cpu.online_mask_addr'] !== undefined;
    if (told) return readOnlineCpus(this.kernel);
    if (this.cpus.length > 0) return this.cpus.map((cpu) => cpu.index);
    return info['task.current_task_addr'] === undefined ? [0] : findStartedCpus(this.kernel);
  }

  /** The number of a processor that is online. @throws OsiError `CPU_UNKNOWN` for any other. */
  requireOnline(cpu: number): number {
    if (this.isOnline(cpu)) return cpu;
    const online = this.online();
    if (online.includes(cpu)) return cpu;
    throw new OsiError('CPU_UNKNOWN', `cpu ${cpu} is not online in the guest`, {
      hint: `online: ${online.join(', ')}`,
      fields: { cpu, online },
    });
  }

  /** Looks at one bit of the kernel's mask; false also if there is no mask. */
  private isOnline(cpu: number): boolean {
    const { info } = this.kernel;
    const told = info['cpu.nr_cpu_ids_addr'] !== undefined && info['cpu.online_mask_addr'] !== undefined;
    return told && isCpuOnline(this.kernel, cpu);
  }

  /** The thread that runs on a processor. @throws OsiError why it cannot be told. */
  currentTask(cpu: number): Task {
    return findCurrentTask(this.kernel, this.requireOnline(cpu), this.cpus);
  }

  /** The thread on a processor that is online. */
  readCurrent(cpu: number, skipped: SkippedLog): LinuxCurrent {
    const task = findCurrentTask(this.kernel, cpu, this.cpus);
    return {
      cpu,
      ...readThread(task, skipped),
      asid: readAsid(task, skipped),
      mode: skipped.attempt(
        () => ({ kind: 'cpu', cpu, field: 'mode' }),
        () => this.readMode(cpu, task),
      ),
    };
  }

  /** Where a processor executes. @throws OsiError `CPU_REGISTERS_MISSING` where the source has no registers of it. */
  readExecutionPoint(cpu: number): OsiExecutionPoint {
    const found = this.findCpu(this.requireOnline(cpu));
    const { architecture } = this.kernel.memory;
    const pc = found && architecture.programCounter(found);
    const mode = found && architecture.modeOf(found);
    if (pc === undefined || mode === undefined) throw registersMissing(cpu);
    return { pc, mode };
  }

  private readMode(cpu: number, task: Task): 'kernel' | 'user' {
    const found = this.findCpu(cpu);
    const mode = found && this.kernel.memory.architecture.modeOf(found);
    if (mode !== undefined) return mode;
    if (task.mm === undefined) return 'kernel';
    throw registersMissing(cpu);
  }

  /** The processor of the source that has the kernel's per-CPU area of that number, else the one in its place. */
  private findCpu(cpu: number): Cpu | undefined {
    return findCpu(this.kernel, this.cpus, cpu) ?? this.cpus[cpu];
  }
}

function registersMissing(cpu: number): OsiError {
  return new OsiError('CPU_REGISTERS_MISSING', `the source has no registers of cpu ${cpu}`, {
    hint: 'use an ELF dump of QEMU, which has registers; a raw memory file has none',
    fields: { cpu },
  });
}
