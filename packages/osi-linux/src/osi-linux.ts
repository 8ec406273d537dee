import {
  type Answer,
  type Cpu,
  createListing,
  formatAddress,
  type Listing,
  OsiError,
  SkippedLog,
} from '@osi-linux/core';
import {
  eachProcess,
  eachThread,
  findCurrentTask,
  type Kernel,
  readOnlineCpus,
  readPerCpuOffset,
  type Task,
} from '@osi-linux/kstruct';
import type { OsiProvider, OsiThread } from '@osi-linux/osi';
import type { LinuxCurrent, LinuxProcess, LinuxThread } from './linux-types';
import { readAsid, readProcess, readThread } from './process-row';

/** What the provider is given; it looks for none of it. */
export interface OsiLinuxOptions {
  /** The guest through the kernel's page tables, and its profile. */
  readonly kernel: Kernel;
  /** The processors of the source; empty where it has no registers. */
  readonly cpus: readonly Cpu[];
}

/**
 * Answers the OSI API for a Linux guest, and Linux's own listings. Corresponds to PANDA's `osi_linux`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const linux = new OsiLinux({ kernel, cpus: [] });
 * linux.getProcesses()[0]?.name // => 'swapper/0'
 * ```
 */
export class OsiLinux implements OsiProvider {
  readonly name = 'osi_linux';
  /** The guest that is walked. */
  readonly kernel: Kernel;
  readonly #cpus: readonly Cpu[];

  constructor(options: OsiLinuxOptions) {
    this.kernel = options.kernel;
    this.#cpus = options.cpus;
  }

  /**
   * Every process, pid 0 first, then in the order of their start: one row a thread group.
   *
   * Corresponds to PANDA's `get_processes`, with the leader's name.
   */
  getProcesses(): Listing<LinuxProcess> {
    const skipped = new SkippedLog();
    const rows: LinuxProcess[] = [];
    for (const task of eachProcess(this.kernel, skipped)) rows.push(readProcess(task, skipped));
    return createListing(rows, skipped.records);
  }

  /** Every thread of every process that `/proc` shows (so none of pid 0), process by process. */
  getThreads(): Listing<LinuxThread> {
    const skipped = new SkippedLog();
    const rows: LinuxThread[] = [];
    for (const leader of eachProcess(this.kernel, skipped)) {
      if (leader.address === this.kernel.info['task.init_addr']) continue;
      const found = skipped.attempt(
        () => `threads of task ${formatAddress(leader.address)}`,
        () => Array.from(eachThread(this.kernel, leader, skipped)),
      );
      for (const thread of found ?? []) rows.push(readThread(thread, skipped));
    }
    return createListing(rows, skipped.records);
  }

  /** What each processor that is online runs, or one of them alone, by the processor's number. */
  getCurrent(only?: number): Listing<LinuxCurrent> {
    const skipped = new SkippedLog();
    const rows: LinuxCurrent[] = [];
    const cpus = skipped.attempt(
      () => 'online processors',
      () => (only === undefined ? this.onlineCpus() : [this.requireOnline(only)]),
    );
    for (const cpu of cpus ?? []) {
      const row = skipped.attempt(
        () => `cpu ${cpu}`,
        () => this.#readCurrent(cpu, skipped),
      );
      if (row !== null) rows.push(row);
    }
    return createListing(rows, skipped.records);
  }

  /** Numbers of the processors: what the kernel says is online, else those of the source, else 0 alone. */
  onlineCpus(): readonly number[] {
    const { info } = this.kernel;
    const told = info['cpu.nr_cpu_ids_addr'] !== undefined && info['cpu.online_mask_addr'] !== undefined;
    if (told) return readOnlineCpus(this.kernel);
    return this.#cpus.length > 0 ? this.#cpus.map((cpu) => cpu.index) : [0];
  }

  /** The number of a processor that is online. @throws OsiError `CPU_UNKNOWN` for any other. */
  requireOnline(cpu: number): number {
    const online = this.onlineCpus();
    if (online.includes(cpu)) return cpu;
    throw new OsiError('CPU_UNKNOWN', `the guest has no cpu ${cpu} online`, {
      hint: `online: ${online.join(', ')}`,
      fields: { cpu, online },
    });
  }

  /**
   * The process whose thread runs on a processor. Its name and start are the process's own, not the thread's.
   *
   * Corresponds to PANDA's `get_current_process`. @throws OsiError why it cannot be told.
   */
  getCurrentProcess(cpu = 0): Answer<LinuxProcess> {
    const skipped = new SkippedLog();
    const row = readProcess(findCurrentTask(this.kernel, this.requireOnline(cpu)).groupLeader, skipped);
    return { ...row, skipped: skipped.records };
  }

  /**
   * The thread that runs on a processor. Corresponds to PANDA's `get_current_thread`.
   *
   * @throws OsiError why it cannot be told.
   */
  getCurrentThread(cpu = 0): OsiThread {
    const task = findCurrentTask(this.kernel, this.requireOnline(cpu));
    return { pid: task.tgid, tid: task.pid };
  }

  #readCurrent(cpu: number, skipped: SkippedLog): LinuxCurrent {
    const task = findCurrentTask(this.kernel, cpu);
    return {
      cpu,
      ...readThread(task, skipped),
      asid: readAsid(task, skipped),
      mode: skipped.attempt(
        () => `cpu ${cpu}: mode`,
        () => this.#readMode(cpu, task),
      ),
    };
  }

  #readMode(cpu: number, task: Task): 'kernel' | 'user' {
    const registers = this.#findCpu(cpu)?.registers;
    const selector = registers?.['cs'];
    if (selector !== undefined) return (selector & 3n) === 3n ? 'user' : 'kernel';
    if (task.mm === undefined) return 'kernel';
    throw new OsiError('CPU_REGISTERS_MISSING', `the source has no registers of cpu ${cpu}`, {
      hint: 'a raw memory file has none; an ELF dump of QEMU has them',
      fields: { cpu },
    });
  }

  /** The processor of the source whose GS base is the kernel's per-CPU area of that number. */
  #findCpu(cpu: number): Cpu | undefined {
    const area = readPerCpuOffset(this.kernel, cpu);
    const owns = ({ registers }: Cpu) =>
      registers['gs_base'] === area || registers['kernel_gs_base'] === area;
    return this.#cpus.find(owns) ?? this.#cpus[cpu];
  }
}
