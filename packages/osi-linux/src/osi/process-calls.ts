import {
  type Answer,
  attempt,
  createListing,
  formatAddress,
  type Listing,
  OsiError,
  type PhysicalAddress,
  type Skipped,
  SkippedLog,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import {
  eachProcess,
  type FileDescriptor,
  findOpenFile,
  findReaderRoot,
  type Kernel,
  OpenFile,
  type Path,
  PathReader,
  ProcessReader,
  type Task,
} from '@osi-linux/kstruct';
import type { OsiProcHandle, OsiProcMem } from '@osi-linux/osi';
import { readFilename } from '../rows/file-row';
import type { LinuxProcess } from '../rows/linux-types';
import { type LinuxMapping, MappingReader } from '../rows/mapping-row';
import { readProcess } from '../rows/process-row';
import { NOWHERE, openPaths } from '../rows/reader-paths';
import { readProcMem } from './heap';
import { findLiveProcess } from './live-process';
import { readProcessHandle } from './process-handle';
import { findPhysical, type PhysicalWriter, readMemory, writeMemory } from './process-memory';
import { findBootReason } from './readiness';

/**
 * Attaches the skipped things to a row that is the caller's own: copying the row costs a third of reading it.
 */
export function answerOf<Row extends object>(row: Row, { records }: SkippedLog): Answer<Row> {
  const answer: Row & { skipped?: readonly Skipped[] } = row;
  answer.skipped = records;
  return answer as Answer<Row>;
}

/** The values that mean no process, as PANDA's NULL. */
export type Absent = null | undefined;

/**
 * The calls about one process, by its handle. Keeps the state of one stop of the guest: paths, an address
 * space.
 */
export class ProcessCalls {
  private readonly kernel: Kernel;
  private readonly write: PhysicalWriter | undefined;
  private ready = false;
  private paths: PathReader | undefined;
  private mappings: MappingReader | undefined;
  private memory: VirtualMemory | undefined;
  private processes: ProcessReader | undefined;
  private rootIsSound: boolean | undefined;

  constructor(kernel: Kernel, write: PhysicalWriter | undefined) {
    this.kernel = kernel;
    this.write = write;
  }

  /** Forgets all that was kept. */
  refresh(): void {
    this.ready = false;
    this.paths = undefined;
    this.mappings = undefined;
    this.memory = undefined;
    this.processes = undefined;
    this.rootIsSound = undefined;
  }

  /** Why the guest cannot be asked yet; a guest that was ready once stays so until it runs on. */
  whyNotReady(): OsiError | undefined {
    const reason = this.ready ? undefined : findBootReason(this.kernel);
    this.ready = reason === undefined;
    return reason;
  }

  readHandles(): Listing<OsiProcHandle> {
    const skipped = new SkippedLog();
    const rows: OsiProcHandle[] = [];
    for (const task of eachProcess(this.kernel, skipped)) rows.push(readProcessHandle(task, skipped));
    this.kernel.contested?.report(skipped);
    return createListing(rows, skipped.records);
  }

  /** One process; the structures that it shares with others are kept for one stop of the guest. */
  readProcess(task: Task, skipped: SkippedLog): LinuxProcess {
    this.processes ??= new ProcessReader(this.kernel);
    return readProcess(task, this.processes, skipped);
  }

  findProcess(handle: OsiProcHandle | Absent): Answer<LinuxProcess> | undefined {
    const task = this.find(handle);
    if (task === undefined) return undefined;
    const skipped = new SkippedLog();
    const row = this.readProcess(task, skipped);
    this.kernel.contested?.report(skipped);
    return answerOf(row, skipped);
  }

  findPid(handle: OsiProcHandle | Absent): number | undefined {
    return this.find(handle)?.tgid;
  }

  findPpid(handle: OsiProcHandle | Absent): number | undefined {
    return this.find(handle)?.ppid;
  }

  findProcMem(handle: OsiProcHandle | Absent): OsiProcMem | undefined {
    const task = this.find(handle);
    return task === undefined ? undefined : readProcMem(task);
  }

  /** The mappings of the leader's address space, and with `threads` of those of its threads that have another one. */
  readMappings(handle: OsiProcHandle | Absent, threads: boolean): Listing<LinuxMapping> {
    const skipped = new SkippedLog();
    const rows = skipped.attempt(
      () => ({ kind: 'process', address: handle?.taskd ?? 0n }),
      () => {
        const task = this.find(handle);
        if (task === undefined) return [];
        return this.mappingReader(skipped).read(task, task.tgid, threads, skipped);
      },
    );
    this.kernel.contested?.report(skipped);
    return createListing(rows ?? [], skipped.records);
  }

  findFilename(handle: OsiProcHandle | Absent, fd: number): string | undefined {
    const file = this.findFile(handle, fd);
    if (file === undefined) return undefined;
    return readFilename(file, this.pathReader());
  }

  findPos(handle: OsiProcHandle | Absent, fd: number): bigint | undefined {
    return this.findFile(handle, fd)?.pos;
  }

  findFileStruct(handle: OsiProcHandle | Absent, fd: number): VirtualAddress | undefined {
    return this.findFile(handle, fd)?.address;
  }

  readDentry(file: VirtualAddress): VirtualAddress {
    const found = new OpenFile(this.kernel, file);
    found.validate();
    return found.path.dentry;
  }

  readMemory(address: VirtualAddress, length: number, task: Task): Uint8Array {
    return readMemory(this.memoryOf(task), address, length);
  }

  writeMemory(address: VirtualAddress, bytes: Uint8Array, task: Task): void {
    writeMemory(this.memoryOf(task), address, bytes, this.write);
  }

  findPhysical(address: VirtualAddress, task: Task): PhysicalAddress | undefined {
    return findPhysical(this.memoryOf(task), address);
  }

  /** The process of a handle. @throws OsiError `PROCESS_GONE` where it does not live. */
  requireProcess(handle: OsiProcHandle): Task {
    const task = this.find(handle);
    if (task !== undefined) return task;
    const { taskd } = handle;
    throw new OsiError('PROCESS_GONE', `no process at ${formatAddress(taskd)}`, {
      hint: 'the process ended after the handle was made: call getProcesses for the current ones',
      fields: { taskd },
    });
  }

  private pathReader(): PathReader {
    this.paths ??= new PathReader(this.kernel, this.readerRoot());
    return this.paths;
  }

  /** A profile without the keys of root directories, as PANDA's, leaves paths from the top of their trees, as PANDA has them. */
  private readerRoot(): Path {
    return attempt(
      () => findReaderRoot(this.kernel),
      (reason) => {
        if (reason.code === 'PROFILE_KEY_MISSING') return NOWHERE;
        throw reason;
      },
    );
  }

  /** The reader of mappings as seen from pid 1's root, if that root is known without a doubt. */
  findMappingReader(): MappingReader | undefined {
    this.rootIsSound ??= this.checkRoot();
    return this.rootIsSound ? this.mappingReader(new SkippedLog()) : undefined;
  }

  private checkRoot(): boolean {
    const problems = new SkippedLog();
    problems.attempt(
      () => ({ kind: 'reader-root' }),
      () => findReaderRoot(this.kernel, problems),
    );
    return problems.records.length === 0;
  }

  /**
   * Also without the root directory of a reader; such a reader is not kept, so that each listing reports it.
   */
  private mappingReader(skipped: SkippedLog): MappingReader {
    if (this.mappings !== undefined) return this.mappings;
    const paths = skipped.attempt(
      () => ({ kind: 'reader-root' }),
      () => this.pathReader(),
    );
    if (paths === null) return new MappingReader(this.kernel, openPaths(this.kernel, new SkippedLog()));
    this.mappings = new MappingReader(this.kernel, paths);
    return this.mappings;
  }

  private find(handle: OsiProcHandle | Absent): Task | undefined {
    return handle ? findLiveProcess(this.kernel, handle) : undefined;
  }

  private findFile(handle: OsiProcHandle | Absent, fd: number): OpenFile | undefined {
    const task = this.find(handle);
    const found: FileDescriptor | undefined = task && findOpenFile(this.kernel, task, fd);
    found?.file.validate();
    return found?.file;
  }

  /** A thread of the kernel, like any task without user memory, is in the kernel's own address space. */
  private memoryOf({ mm }: Task): VirtualMemory {
    if (mm === undefined) return this.kernel.memory;
    const root = mm.asid;
    if (this.memory?.root !== root) this.memory = this.kernel.memory.withRoot(root);
    return this.memory;
  }
}
