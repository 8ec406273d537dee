import type { SkippedLog } from '@osi-linux/core';
import { eachThread, type Kernel, type Task } from '@osi-linux/kstruct';

/** The threads of a process, walked once. */
export class ThreadGroup {
  /** The main thread. */
  readonly leader: Task;
  private readonly kernel: Kernel;
  private readonly skipped: SkippedLog;
  private threads: readonly Task[] | undefined;

  constructor(kernel: Kernel, leader: Task, skipped: SkippedLog) {
    this.kernel = kernel;
    this.leader = leader;
    this.skipped = skipped;
  }

  /** The threads in the kernel's order, as far as they can be read; what cannot is noted the first time. */
  read(): readonly Task[] {
    this.threads ??=
      this.skipped.attempt(
        () => ({ kind: 'list', name: 'threads' }),
        () => Array.from(eachThread(this.kernel, this.leader, this.skipped)),
      ) ?? [];
    return this.threads;
  }
}
