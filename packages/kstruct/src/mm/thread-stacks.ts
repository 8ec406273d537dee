import type { VirtualAddress } from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import type { Task } from '../task/task';
import { readUserStackPointer } from '../task/user-stack-pointer';
import type { Mm } from './mm';
import type { Vma } from './vma';

/** A thread and the stack pointer of its program. */
interface StackOwner {
  readonly tid: number;
  readonly pointer: VirtualAddress;
}

/**
 * The mappings of a process that `/proc` calls stacks because the stack pointer of a thread is in them.
 *
 * Source: `vm_is_stack` in mm/util.c, of
 * Linux commit b76437579d13 ("procfs: mark thread stack correctly in proc/<pid>/maps") (in v3.4), up to
 * Linux commit b18cb64ead40 ("fs/proc: Stop trying to report thread stacks") (in v4.9). Other kernels call the mapping
 * with {@link Mm.startStack} a stack, and there is no object of this class.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const task: Task;
 * ThreadStacks.ofProcess(kernel, () => [task]) // => undefined
 * ThreadStacks.ofThread(kernel, task) // => undefined
 * ```
 */
export class ThreadStacks {
  private readonly kernel: Kernel;
  private readonly readThreads: () => readonly Task[];
  private readonly namesThreads: boolean;
  private owners: readonly StackOwner[] | undefined;

  private constructor(kernel: Kernel, readThreads: () => readonly Task[], namesThreads: boolean) {
    this.kernel = kernel;
    this.readThreads = readThreads;
    this.namesThreads = namesThreads;
  }

  /**
   * The stacks that `/proc/PID/maps` shows; `undefined` if it goes by `start_stack`. `readThreads` gives the threads of
   * the process in the kernel's order, its leader first; it is called when a mapping without a name is met.
   */
  static ofProcess(kernel: Kernel, readThreads: () => readonly Task[]): ThreadStacks | undefined {
    if (kernel.info['vma.thread_stacks_in_process'] !== 1) return undefined;
    return new ThreadStacks(kernel, readThreads, true);
  }

  /** The stacks that `/proc/PID/task/TID/maps` shows; `undefined` if it goes by `start_stack`. */
  static ofThread(kernel: Kernel, thread: Task): ThreadStacks | undefined {
    if (kernel.info['vma.thread_stacks_in_thread'] !== 1) return undefined;
    return new ThreadStacks(kernel, () => [thread], false);
  }

  /**
   * `[stack]`, `[stack:TID]`, or `undefined` for a mapping that no stack pointer is in.
   *
   * @throws OsiError if a stack pointer cannot be read.
   */
  read(
    { start, end }: Pick<Vma, 'start' | 'end'>,
    { startStack }: Pick<Mm, 'startStack'>,
  ): string | undefined {
    this.owners ??= this.readThreads().map((thread) => ({
      tid: thread.pid,
      pointer: readUserStackPointer(this.kernel, thread),
    }));
    const owner = this.owners.find(({ pointer }) => start <= pointer && pointer <= end);
    if (owner === undefined) return undefined;
    const isMain = start <= startStack && startStack <= end;
    return isMain || !this.namesThreads ? '[stack]' : `[stack:${owner.tid}]`;
  }
}
