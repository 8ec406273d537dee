import { formatSubject, type SkippedLog, type Subject } from '@osi-linux/core';
import {
  findReaderRoot,
  type Kernel,
  type Path,
  PathReader,
  type PathText,
  type Task,
} from '@osi-linux/kstruct';
import type { ProcessSelection } from './process-selection';

/** No directory at all: every path starts at the top of its tree. */
export const NOWHERE: Path = { mnt: 0n, dentry: 0n };

/** The processes to list, and the point of view of their paths. */
export interface PathSelection extends ProcessSelection {
  /**
   * Whether paths are as each task itself sees them, from its own root directory, instead of as a reader of
   * `/proc` in pid 1's root sees them.
   */
  readonly ownRoot?: boolean | undefined;
}

/**
 * The paths of one listing, as a program that reads `/proc` on the guest sees them; also if its root cannot
 * be found.
 */
export function openPaths(kernel: Kernel, skipped: SkippedLog): PathReader {
  const root = skipped.attempt(
    () => ({ kind: 'reader-root' }),
    () => findReaderRoot(kernel, skipped),
  );
  return new PathReader(kernel, root ?? NOWHERE);
}

/** The text of a link of `/proc`, with a finding if reading that link fails in the guest. */
export function linkText(
  { text, longBytes }: PathText,
  subject: (field: string) => Subject,
  field: string,
  skipped: SkippedLog,
): string {
  if (longBytes === undefined) return text;
  skipped.findings.push({
    what: 'long-path',
    title: 'path too long for /proc',
    value: `${longBytes} bytes`,
    evidence: `${formatSubject(subject(field))}: in the guest, reading this link fails with ENAMETOOLONG`,
  });
  return text;
}

/** The readers of one listing: the same for all tasks, or one for each root directory that tasks have. */
export class TaskPaths<Reader> {
  private readonly kernel: Kernel;
  private readonly open: (paths: PathReader) => Reader;
  private readonly skipped: SkippedLog;
  private readonly own: Map<string, Reader> | undefined;
  private shared: Reader | undefined;

  constructor(
    kernel: Kernel,
    { ownRoot = false }: PathSelection,
    skipped: SkippedLog,
    open: (paths: PathReader) => Reader,
    kept?: Reader,
  ) {
    this.kernel = kernel;
    this.open = open;
    this.skipped = skipped;
    this.own = ownRoot ? new Map() : undefined;
    if (!ownRoot) this.shared = kept ?? open(openPaths(kernel, skipped));
  }

  /** The reader of the paths of a task. A task that has ended has no root, and no paths. */
  of(task: Task, pid: number): Reader {
    const root = this.own === undefined ? undefined : this.rootOf(task, pid);
    if (this.own === undefined || root === undefined) {
      this.shared ??= this.open(openPaths(this.kernel, this.skipped));
      return this.shared;
    }
    const key = `${root.mnt} ${root.dentry}`;
    const reader = this.own.get(key) ?? this.open(new PathReader(this.kernel, root));
    this.own.set(key, reader);
    return reader;
  }

  /** A root that cannot be read leaves the paths of the task from the top of their trees. */
  private rootOf(task: Task, pid: number): Path | undefined {
    const root = this.skipped.attempt(
      () => ({ kind: 'task-root', pid }),
      () => task.fs?.root,
    );
    return root === null ? NOWHERE : root;
  }
}
