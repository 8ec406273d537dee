import { EVERY_FIELD, type SkippedLog, type Subject } from '@osi-linux/core';
import {
  eachOpenFile,
  eachThread,
  type FileDescriptor,
  type Kernel,
  type OpenFile,
  type PathReader,
  type PathText,
  requireKey,
  type Task,
} from '@osi-linux/kstruct';
import { eachSelectedProcess } from './process-selection';
import { linkText, type PathSelection, TaskPaths } from './reader-paths';

/** A file that a process has open. A field is `null` if it could not be read. */
export interface LinuxFile {
  /** Id of the process. */
  readonly pid: number;
  /** Id of the thread, where it has a table of its own; absent for the process's. */
  readonly tid?: number;
  /** Number of the descriptor. */
  readonly fd: number;
  /** The target of the link `/proc/PID/fd/N`: `/tmp/x (deleted)`, `pipe:[4711]`. */
  readonly filename: string | null;
  /** Position in bytes; signed. */
  readonly pos: bigint | null;
  /** Flags of open(), as `/proc/PID/fdinfo/N` shows them since Linux 3.1: O_CLOEXEC is the descriptor's. */
  readonly flags: number | null;
}

/** Of which processes and threads the files are wanted. */
export interface FileSelection extends PathSelection {
  /** Whether threads that have a table of their own are wanted too. */
  readonly threads?: boolean | undefined;
}

/** O_CLOEXEC of x86, include/uapi/asm-generic/fcntl.h. */
const O_CLOEXEC = 0o2000000;
const IDLE_PID = 0;

/** Reads the files that processes have open, by the tables of their leaders; `/proc` shows no pid 0. */
export function readFiles(kernel: Kernel, selection: FileSelection, skipped: SkippedLog): LinuxFile[] {
  const reader = new FileReader(kernel, selection, skipped);
  for (const { task, pid } of eachSelectedProcess(kernel, selection, skipped)) {
    if (pid === IDLE_PID) continue;
    reader.readTable(task, { pid });
    if (selection.threads) reader.readThreads(task, pid);
  }
  return reader.rows;
}

type Ids = Pick<LinuxFile, 'pid' | 'tid'>;

/** Gathers the rows of one listing. */
class FileReader {
  readonly rows: LinuxFile[] = [];
  private readonly kernel: Kernel;
  private readonly paths: TaskPaths<PathReader>;
  private readonly skipped: SkippedLog;

  constructor(kernel: Kernel, selection: FileSelection, skipped: SkippedLog) {
    this.kernel = kernel;
    this.paths = new TaskPaths(kernel, selection, skipped, (paths) => paths);
    this.skipped = skipped;
  }

  readTable(task: Task, ids: Ids): void {
    const paths = this.paths.of(task, ids.pid);
    this.attempt({ kind: 'list', name: 'open files', pid: ids.pid }, () => {
      for (const found of eachOpenFile(this.kernel, task, this.skipped))
        this.rows.push(this.read(found, ids, paths));
    });
  }

  /** Reads the tables of those threads that have another one than their leader. */
  readThreads(leader: Task, pid: number): void {
    this.attempt({ kind: 'list', name: 'threads', pid }, () => {
      for (const thread of eachThread(this.kernel, leader, this.skipped))
        this.readThread(leader, thread, pid);
    });
  }

  private readThread(leader: Task, thread: Task, pid: number): void {
    if (thread.address === leader.address) return;
    const { address } = thread;
    this.attempt({ kind: 'list', name: 'files', pid, struct: 'thread', address }, () => {
      if (thread.files !== leader.files) this.readTable(thread, { pid, tid: thread.pid });
    });
  }

  private read({ fd, file, closeOnExec }: FileDescriptor, ids: Ids, paths: PathReader): LinuxFile {
    const subject = (name: string): Subject => ({ kind: 'file-descriptor', ...ids, fd, field: name });
    const field = <Value>(name: string, read: () => Value): Value | null =>
      this.skipped.attempt(() => subject(name), read);
    const plausible = field(EVERY_FIELD, () => file.validate());
    if (plausible === null) return { ...ids, fd, filename: null, pos: null, flags: null };
    return {
      ...ids,
      fd,
      filename: field('filename', () =>
        linkText(describeFile(file, paths), subject, 'filename', this.skipped),
      ),
      pos: field('pos', () => file.pos),
      flags: field('flags', () => this.flagsOf(file, closeOnExec)),
    };
  }

  private flagsOf({ flags }: OpenFile, closeOnExec: boolean | undefined): number {
    if (closeOnExec === undefined) requireKey(this.kernel.info, 'fs.close_on_exec_offset');
    return (closeOnExec ? flags | O_CLOEXEC : flags) >>> 0;
  }

  private attempt(subject: Subject, read: () => void): void {
    this.skipped.attempt(() => subject, read);
  }
}

/** The path of an open file, which must be of the inode that it has open. */
export function readFilename(file: OpenFile, paths: PathReader): string {
  return describeFile(file, paths).text;
}

function describeFile(file: OpenFile, paths: PathReader): PathText {
  file.validatePath();
  return paths.describe(file.path);
}
