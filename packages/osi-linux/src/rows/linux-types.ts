import type { VirtualAddress } from '@osi-linux/core';
import type { OsiProc } from '@osi-linux/osi';

/**
 * A process of a Linux guest: PANDA's `OsiProc` and the fields that only Linux has. `null` means as in
 * {@link OsiProc}.
 */
export interface LinuxProcess extends OsiProc {
  /** Real user id, unsigned. */
  readonly uid: number | null;
  /** Real group id, unsigned. */
  readonly gid: number | null;
  /** Effective user id, unsigned. */
  readonly euid: number | null;
  /** Effective group id, unsigned. */
  readonly egid: number | null;
  /** Whether it is a thread of the kernel. */
  readonly kernelThread: boolean | null;
  /** Its arguments, as `/proc/PID/cmdline` gives them; empty for kernel threads and zombies. */
  readonly cmdline: readonly string[] | null;
}

/** A thread of a Linux guest. */
export interface LinuxThread {
  /** Id of its process. Corresponds to `task_struct.tgid`. */
  readonly pid: number | null;
  /** Id of the thread. Corresponds to `task_struct.pid`. */
  readonly tid: number | null;
  /** Name of the thread, which may differ from its process's. */
  readonly name: string | null;
  /** Address of the thread's own `task_struct`, virtual. */
  readonly taskd: VirtualAddress;
}

/** The thread on a processor. */
export interface LinuxCurrent extends LinuxThread {
  /** Number of the processor, from 0. */
  readonly cpu: number;
  /** Physical address of the process's top page table; `null` for a kernel thread. */
  readonly asid: number | null;
  /** Where the processor executes; `null` if the dump has no registers and the task could be in either. */
  readonly mode: 'kernel' | 'user' | null;
}
