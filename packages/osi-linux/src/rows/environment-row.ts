import type { SkippedLog, Subject } from '@osi-linux/core';
import { type Kernel, type Mm, type Path, readEnvironment, type Task } from '@osi-linux/kstruct';
import { eachSelectedProcess } from './process-selection';
import { linkText, type PathSelection, TaskPaths } from './reader-paths';

/**
 * The environment, the directories and the program of a process. A field is `null` if it does not exist or
 * cannot be read.
 */
export interface LinuxEnvironment {
  /** Id of the process. */
  readonly pid: number;
  /** Its environment, as `/proc/PID/environ` gives it; empty for kernel threads and zombies. */
  readonly env: readonly string[] | null;
  /** Its working directory. */
  readonly cwd: string | null;
  /** Its root directory. */
  readonly root: string | null;
  /**
   * The program that it runs; `null` for kernel threads and zombies, and on older kernels for a process that has
   * unmapped it.
   */
  readonly exe: string | null;
}

const IDLE_PID = 0;

/** Reads the environments of processes, field by field; `/proc` shows no pid 0. */
export function readEnvironments(
  kernel: Kernel,
  selection: PathSelection,
  skipped: SkippedLog,
): LinuxEnvironment[] {
  const readers = new TaskPaths(kernel, selection, skipped, (paths) => paths);
  const rows: LinuxEnvironment[] = [];
  for (const { task, pid } of eachSelectedProcess(kernel, selection, skipped)) {
    if (pid === IDLE_PID) continue;
    const paths = readers.of(task, pid);
    const subject = (name: string): Subject => ({ kind: 'process', pid, field: name });
    const field: Field = (name, read) => skipped.attempt(() => subject(name), read);
    const link: Link = (name, place) =>
      field(name, () => linkText(paths.describe(place()), subject, name, skipped));
    rows.push({ pid, ...readProgram(task, link, field), ...readPlace(task, link, field) });
  }
  return rows;
}

type Field = <Value>(name: string, read: () => Value) => Value | null;
type Link = (name: string, place: () => Path) => string | null;

function readPlace(task: Task, link: Link, field: Field): Pick<LinuxEnvironment, 'cwd' | 'root'> {
  const fs = field('fs', () => task.fs) ?? undefined;
  if (fs === undefined) return { cwd: null, root: null };
  return { cwd: link('cwd', () => fs.pwd), root: link('root', () => fs.root) };
}

/** A kernel thread that works in the memory of a process has neither its environment nor its program. */
function readProgram(task: Task, link: Link, field: Field): Pick<LinuxEnvironment, 'env' | 'exe'> {
  const mm = field<Mm | undefined>('mm', () => (task.isKernelThread ? undefined : task.mm));
  if (mm === null) return { env: null, exe: null };
  if (mm === undefined) return { env: [], exe: null };
  return {
    env: field('env', () => readEnvironment(mm)),
    exe: field('exe', () => mm.hasExeFile) === true ? link('exe', () => mm.exeFile.path) : null,
  };
}
