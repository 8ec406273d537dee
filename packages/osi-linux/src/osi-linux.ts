import {
  type Answer,
  type Cpu,
  createListing,
  type Listing,
  type OsiError,
  type PhysicalAddress,
  SkippedLog,
  type VirtualAddress,
} from '@osi-linux/core';
import { eachThread, type Kernel, type Task } from '@osi-linux/kstruct';
import {
  isProcHandle,
  type OsiExecutionPoint,
  type OsiProcHandle,
  type OsiProcMem,
  type OsiProvider,
  type OsiThread,
  requireProcHandle,
} from '@osi-linux/osi';
import { type Absent, answerOf, ProcessCalls } from './osi/process-calls';
import { readProcessHandle } from './osi/process-handle';
import type { PhysicalWriter } from './osi/process-memory';
import { compareViews, type LinuxHidden } from './rows/cross-view';
import { type LinuxEnvironment, readEnvironments } from './rows/environment-row';
import { type FileSelection, type LinuxFile, readFiles } from './rows/file-row';
import type { LinuxCurrent, LinuxProcess, LinuxThread } from './rows/linux-types';
import { type LinuxLogRecord, readLog } from './rows/log-row';
import { type LinuxMapping, type MappingSelection, readMappings } from './rows/mapping-row';
import { type LinuxModule, readModules } from './rows/module-row';
import { type LinuxMount, readMounts } from './rows/mount-row';
import { readThread } from './rows/process-row';
import { eachSelectedProcess, eachSelectedTask, type ProcessSelection } from './rows/process-selection';
import { type ProcessSelector, requireSelector } from './rows/process-selector';
import { Processors } from './rows/processors';
import type { PathSelection } from './rows/reader-paths';
import { type LinuxSocket, readSockets } from './rows/socket-row';
import { readTitles, type TitledRow } from './rows/titles';

/** The parts that the provider is given; it does not look for them itself. */
export interface OsiLinuxOptions {
  /** The guest through the kernel's page tables, and its profile. */
  readonly kernel: Kernel;
  /** The processors of the source; empty if it has no registers. */
  readonly cpus: readonly Cpu[];
  /** Writes guest-physical memory, at most a page at a time; only live sources can. */
  readonly writePhysical?: PhysicalWriter | undefined;
}

const INIT_PID = 1;

/** Whole names of kernel threads. */
export interface LinuxTitles {
  /** The names by the addresses of the tasks, virtual. */
  readonly titles: ReadonlyMap<VirtualAddress, string>;
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
  private readonly processors: Processors;
  private readonly calls: ProcessCalls;

  constructor(options: OsiLinuxOptions) {
    this.kernel = options.kernel;
    this.processors = new Processors(options.kernel, options.cpus);
    this.calls = new ProcessCalls(options.kernel, options.writePhysical);
  }

  /**
   * Every process, pid 0 first, then in the order of their start: one row a thread group.
   *
   * Corresponds to PANDA's `get_processes`, with the leader's name. As every listing, it takes a selection of processes or
   * one process, and lists them all without.
   *
   * @throws OsiError `PROCESS_ARGUMENT_INVALID` for any other value, such as a pid.
   */
  getProcesses(selector: ProcessSelector = {}): Listing<LinuxProcess> {
    return this.list('getProcesses', selector, (selection, skipped) => {
      const rows: LinuxProcess[] = [];
      for (const task of eachSelectedTask(this.kernel, selection, skipped))
        rows.push(this.calls.readProcess(task, skipped));
      return rows;
    });
  }

  /** Every thread of every process that `/proc` shows (so not those of pid 0), process by process. */
  getThreads(selector: ProcessSelector = {}): Listing<LinuxThread> {
    return this.list('getThreads', selector, (selection, skipped) => this.readThreads(selection, skipped));
  }

  private readThreads(selection: ProcessSelection, skipped: SkippedLog): LinuxThread[] {
    const rows: LinuxThread[] = [];
    for (const leader of eachSelectedTask(this.kernel, selection, skipped)) {
      if (leader.address === this.kernel.info['task.init_addr']) continue;
      const found = skipped.attempt(
        () => ({ kind: 'list', name: 'threads', struct: 'task', address: leader.address }),
        () => Array.from(eachThread(this.kernel, leader, skipped)),
      );
      for (const thread of found ?? []) rows.push(readThread(thread, skipped));
    }
    return rows;
  }

  /**
   * The whole names of the kernel threads among some processes or threads, by the addresses of their tasks: those that
   * `/proc/PID/comm` shows, which may be longer than `name`. The others are not in the answer.
   */
  getTitles(rows: readonly TitledRow[]): Answer<LinuxTitles> {
    const skipped = new SkippedLog();
    const titles = readTitles(this.kernel, rows, skipped);
    return { titles, skipped: skipped.records };
  }

  /** Every loaded module, the newest first: the rows of `/proc/modules`. */
  getModules(): Listing<LinuxModule> {
    const skipped = new SkippedLog();
    const rows = skipped.attempt(
      () => ({ kind: 'list', name: 'modules' }),
      () => readModules(this.kernel, skipped),
    );
    return this.listing(rows ?? [], skipped);
  }

  /** The kernel log, the oldest record first: the rows of `/dev/kmsg`. */
  getLog(): Listing<LinuxLogRecord> {
    const skipped = new SkippedLog();
    const rows = skipped.attempt(
      () => ({ kind: 'list', name: 'kernel log' }),
      () => readLog(this.kernel, skipped),
    );
    return this.listing(rows ?? [], skipped);
  }

  /**
   * Threads and modules that one record of the kernel has and another, which should agree with it, lacks: the
   * traces of a program that hides itself. Both lists are empty in an honest guest.
   */
  findHidden(): Answer<LinuxHidden> {
    const skipped = new SkippedLog();
    return { ...compareViews(this.kernel, skipped), skipped: this.complete(skipped).records };
  }

  /** Every socket that a process has open, by its leader's descriptors: process by process, ascending by descriptor. */
  getSockets(selector: ProcessSelector = {}): Listing<LinuxSocket> {
    return this.list('getSockets', selector, (selection, skipped) => {
      const rows: LinuxSocket[] = [];
      for (const { task, pid } of eachSelectedProcess(this.kernel, selection, skipped))
        for (const row of readSockets(this.kernel, task, pid, skipped)) rows.push(row);
      return rows;
    });
  }

  /** Every descriptor that is in use: process by process, ascending. The tables are those of the leaders. */
  getFiles(selector: ProcessSelector<FileSelection> = {}): Listing<LinuxFile> {
    return this.list('getFiles', selector, (selection, skipped) =>
      readFiles(this.kernel, selection, skipped),
    );
  }

  /**
   * The mappings of every process, ascending, or of those that are selected. They are those of the leaders.
   *
   * Corresponds to PANDA's `get_mappings`. A process is selected by any value that names it in the OSI API.
   *
   * @throws OsiError `PROFILE_KEY_MISSING` where the profile does not tell how the kernel orders mappings.
   */
  getMappings(selector: ProcessSelector<MappingSelection> = {}): Listing<LinuxMapping> {
    requireSelector('getMappings', selector);
    const selection: MappingSelection = selector;
    const { taskd, pids, threads } = selection;
    if (taskd !== undefined && pids === undefined)
      return this.calls.readMappings({ asid: null, ...selection, taskd }, threads ?? false);
    const skipped = new SkippedLog();
    const kept = this.calls.findMappingReader();
    return this.listing(readMappings(this.kernel, selection, skipped, kept), skipped);
  }

  /** The environment and the directories of every process that `/proc` shows. */
  getEnvironments(selector: ProcessSelector<PathSelection> = {}): Listing<LinuxEnvironment> {
    return this.list('getEnvironments', selector, (selection, skipped) =>
      readEnvironments(this.kernel, selection, skipped),
    );
  }

  /**
   * The mounts that pid 1 can reach, or another process, by number: the rows of `/proc/PID/mountinfo`; an ended process
   * has no rows. Of several processes, those of one after the other.
   */
  getMounts(selector: number | ProcessSelector = INIT_PID): Listing<LinuxMount> {
    const pids = typeof selector === 'number' ? { pids: [selector] } : selector;
    return this.list('getMounts', pids, (selection, skipped) => {
      const wanted = selection.pids?.length ? selection.pids : [INIT_PID];
      return wanted.flatMap((pid) => {
        const rows = skipped.attempt(
          () => ({ kind: 'list', name: 'mounts', pid }),
          () => readMounts(this.kernel, pid, skipped),
        );
        return rows ?? [];
      });
    });
  }

  /** The thread on each processor that is online, or on one of them, by the processor's number. */
  getCurrent(only?: number): Listing<LinuxCurrent> {
    const skipped = new SkippedLog();
    const rows: LinuxCurrent[] = [];
    const cpus = skipped.attempt(
      () => ({ kind: 'list', name: 'online processors' }),
      () => (only === undefined ? this.onlineCpus() : [this.requireOnline(only)]),
    );
    for (const cpu of cpus ?? []) {
      const row = skipped.attempt(
        () => ({ kind: 'cpu', cpu }),
        () => this.processors.readCurrent(cpu, skipped),
      );
      if (row !== null) rows.push(row);
    }
    return this.listing(rows, skipped);
  }

  /**
   * Numbers of the processors: those that the kernel lists as online, else those of the source, else 0 alone.
   */
  onlineCpus(): readonly number[] {
    return this.processors.online();
  }

  /** The number of a processor that is online. @throws OsiError `CPU_UNKNOWN` for any other. */
  requireOnline(cpu: number): number {
    return this.processors.requireOnline(cpu);
  }

  /**
   * The process whose thread runs on a processor. Its name and start are the process's own, not the thread's.
   *
   * Corresponds to PANDA's `get_current_process`. @throws OsiError why it cannot be told.
   */
  getCurrentProcess(cpu = 0): Answer<LinuxProcess> {
    const skipped = new SkippedLog();
    return answerOf(
      this.calls.readProcess(this.processors.currentTask(cpu).groupLeader, skipped),
      this.complete(skipped),
    );
  }

  /**
   * The thread that runs on a processor. Corresponds to PANDA's `get_current_thread`.
   *
   * @throws OsiError why it cannot be told.
   */
  getCurrentThread(cpu = 0): OsiThread {
    const task = this.processors.currentTask(cpu);
    return { pid: task.tgid, tid: task.pid };
  }

  /**
   * The handle of the process that runs on a processor. Corresponds to PANDA's `get_current_process_handle`.
   *
   * @throws OsiError why it cannot be told.
   */
  getCurrentProcessHandle(cpu = 0): OsiProcHandle {
    return readProcessHandle(this.processors.currentTask(cpu).groupLeader, new SkippedLog());
  }

  /**
   * The handle of every process, in the order of {@link getProcesses}. Corresponds to PANDA's
   * `get_process_handles`.
   */
  getProcessHandles(): Listing<OsiProcHandle> {
    return this.calls.readHandles();
  }

  /**
   * The process that a handle names; `undefined` once it has ended, also where another one has its `task_struct` now.
   *
   * Corresponds to PANDA's `get_process`, which reads the old `task_struct` even if the memory has another
   * use by then.
   */
  getProcess(handle: OsiProcHandle | Absent): Answer<LinuxProcess> | undefined {
    requireProcHandle('getProcess', handle);
    return this.calls.findProcess(handle);
  }

  /** Id of a process; `undefined` once it has ended. Corresponds to PANDA's `get_process_pid`. */
  getProcessPid(handle: OsiProcHandle | Absent): number | undefined {
    requireProcHandle('getProcessPid', handle);
    return this.calls.findPid(handle);
  }

  /** Id of its parent process; `undefined` once it has ended. Corresponds to PANDA's `get_process_ppid`. */
  getProcessPpid(handle: OsiProcHandle | Absent): number | undefined {
    requireProcHandle('getProcessPpid', handle);
    return this.calls.findPpid(handle);
  }

  /** The bounds of its heap; `undefined` without user memory. Corresponds to PANDA's `get_proc_mem`. */
  getProcMem(handle: OsiProcHandle | Absent): OsiProcMem | undefined {
    requireProcHandle('getProcMem', handle);
    return this.calls.findProcMem(handle);
  }

  /** Where a processor executes. @throws OsiError `CPU_REGISTERS_MISSING` where the source has no registers of it. */
  getExecutionPoint(cpu = 0): OsiExecutionPoint {
    return this.processors.readExecutionPoint(cpu);
  }

  /** Why the guest cannot be asked yet, an error `KERNEL_BOOTING`; `undefined` once it can. */
  whyNotReady(): OsiError | undefined {
    return this.calls.whyNotReady();
  }

  /** The guest ran on: forgets the paths and the address space that the calls about one process keep. */
  refresh(): void {
    this.calls.refresh();
  }

  /**
   * The path of an open file, as the link `/proc/PID/fd/FD` gives it; `undefined` for a descriptor that is not in use, and
   * for no process. Corresponds to PANDA's `osi_linux_fd_to_filename`, whose NULL also hides read errors.
   *
   * @throws OsiError why it cannot be read.
   */
  fdToFilename(handle: OsiProcHandle | Absent, fd: number): string | undefined {
    requireProcHandle('fdToFilename', handle);
    return this.calls.findFilename(handle, fd);
  }

  /**
   * The position of an open file in bytes, signed; `undefined` as in {@link fdToFilename}, PANDA's INVALID_FILE_POS.
   *
   * Corresponds to PANDA's `osi_linux_fd_to_pos`. @throws OsiError why it cannot be read.
   */
  fdToPos(handle: OsiProcHandle | Absent, fd: number): bigint | undefined {
    requireProcHandle('fdToPos', handle);
    return this.calls.findPos(handle, fd);
  }

  /**
   * Address of the `struct file` of a descriptor, virtual; `undefined` as in {@link fdToFilename}, PANDA's 0.
   *
   * Corresponds to PANDA's `ext_get_file_struct_ptr`. @throws OsiError `STRUCT_IMPLAUSIBLE` for what is none.
   */
  extGetFileStructPtr(handle: OsiProcHandle | Absent, fd: number): VirtualAddress | undefined {
    requireProcHandle('extGetFileStructPtr', handle);
    return this.calls.findFileStruct(handle, fd);
  }

  /**
   * Address of the dentry of a `struct file`, both virtual. Corresponds to PANDA's `ext_get_file_dentry`.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for what is no open file, PANDA's 0.
   */
  extGetFileDentry(file: VirtualAddress): VirtualAddress {
    return this.calls.readDentry(file);
  }

  /**
   * Bytes of virtual memory, at most 64 MiB, as a process sees it or the one that runs on a processor.
   *
   * Corresponds to PANDA's `osi_linux_virtual_memory_read`. @throws OsiError the fault of the first byte that is missing.
   */
  virtualMemoryRead(address: VirtualAddress, length: number, seenBy: number | OsiProcHandle = 0): Uint8Array {
    return this.calls.readMemory(address, length, this.seer(seenBy));
  }

  /**
   * Writes virtual memory as {@link virtualMemoryRead} reads it: all of it, or nothing where any page is missing.
   *
   * Corresponds to PANDA's `osi_linux_virtual_memory_write`. @throws OsiError `MEMORY_READ_ONLY` where the source is a dump.
   */
  virtualMemoryWrite(address: VirtualAddress, bytes: Uint8Array, seenBy: number | OsiProcHandle = 0): void {
    this.calls.writeMemory(address, bytes, this.seer(seenBy));
  }

  /**
   * The physical address behind a virtual one; `undefined` if none is mapped, PANDA's all-ones.
   *
   * Corresponds to PANDA's `osi_linux_virt_to_phys`. @throws OsiError where the source lacks a table on the way.
   */
  virtToPhys(address: VirtualAddress, seenBy: number | OsiProcHandle = 0): PhysicalAddress | undefined {
    return this.calls.findPhysical(address, this.seer(seenBy));
  }

  /** A listing of the processes of a selection, or of one process; of none if that has ended. */
  private list<Selection extends ProcessSelection, Row>(
    call: string,
    selector: ProcessSelector<Selection>,
    read: (selection: ProcessSelection & Selection, skipped: SkippedLog) => Row[],
  ): Listing<Row> {
    requireSelector(call, selector);
    const skipped = new SkippedLog();
    const selection = skipped.attempt(
      () => ({ kind: 'process', address: isProcHandle(selector) ? selector.taskd : 0n }),
      () => this.select(selector),
    );
    const rows = selection ? read(selection as ProcessSelection & Selection, skipped) : [];
    return this.listing(rows, skipped);
  }

  private select(selector: ProcessSelector): ProcessSelection | undefined {
    if (!isProcHandle(selector)) return selector;
    const pid = this.calls.findPid(selector);
    return pid === undefined ? undefined : { ...selector, pids: [pid] };
  }

  private seer(seenBy: number | OsiProcHandle): Task {
    if (typeof seenBy === 'number') return this.processors.currentTask(seenBy);
    requireProcHandle('seenBy', seenBy);
    return this.calls.requireProcess(seenBy);
  }

  private listing<Row>(rows: Row[], skipped: SkippedLog): Listing<Row> {
    const { records, findings } = this.complete(skipped);
    return createListing(rows, records, findings);
  }

  /** With page tables that contradict those in use. */
  private complete(skipped: SkippedLog): SkippedLog {
    this.kernel.contested?.report(skipped);
    return skipped;
  }
}
