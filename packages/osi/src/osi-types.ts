import type { PhysicalAddress, VirtualAddress } from '@osi-linux/core';

/** What names a process for as long as the guest stands still. Corresponds to PANDA's `OsiProcHandle`. */
export interface OsiProcHandle {
  /** Address of the process's descriptor (on Linux its thread-group leader's `task_struct`), virtual. */
  readonly taskd: VirtualAddress;
  /** Physical address of its top page table; `null` for a kernel thread, which has none. */
  readonly asid: PhysicalAddress | null;
}

/**
 * A process. Corresponds to PANDA's `OsiProc`.
 *
 * A field is `null` where it does not exist (a kernel thread's `pgd` and `asid`) or could not be read;
 * in the second case the listing's `skipped` says why.
 */
export interface OsiProc {
  /** Address of the process's descriptor, virtual. */
  readonly taskd: VirtualAddress;
  /** Address of its top page table, virtual. */
  readonly pgd: VirtualAddress | null;
  /** Physical address of its top page table. */
  readonly asid: PhysicalAddress | null;
  /** Id of the process. */
  readonly pid: number | null;
  /** Id of its parent process. */
  readonly ppid: number | null;
  /** Name of the process. */
  readonly name: string | null;
  /** When it started, in ns since boot; time in suspend does not count. */
  readonly createTime: bigint | null;
}

/** A thread. Corresponds to PANDA's `OsiThread`. */
export interface OsiThread {
  /** Id of its process. */
  readonly pid: number;
  /** Id of the thread. */
  readonly tid: number;
}
