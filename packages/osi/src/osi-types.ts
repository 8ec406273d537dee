import type { PhysicalAddress, VirtualAddress } from '@osi-linux/core';

/**
 * The name of a process for as long as it lives. Corresponds to PANDA's `OsiProcHandle`.
 *
 * Every {@link OsiProc} is one. If it is kept over a stop of the guest, it differs from a later process at
 * the same address in `createTime`.
 */
export interface OsiProcHandle {
  /** Address of the process's descriptor (on Linux its thread-group leader's `task_struct`), virtual. */
  readonly taskd: VirtualAddress;
  /** Physical address of its top page table; `null` for a kernel thread, which has none. */
  readonly asid: PhysicalAddress | null;
  /** When the process started, in ns since boot; `null` or absent if that is not known. */
  readonly createTime?: bigint | null;
}

/**
 * A process. Corresponds to PANDA's `OsiProc`.
 *
 * A field is `null` if it does not exist (a kernel thread's `pgd` and `asid`) or could not be read;
 * in the second case the listing's `skipped` has the reason.
 */
export interface OsiProc extends OsiProcHandle {
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

/**
 * A mapping of a process. Corresponds to PANDA's `OsiModule`.
 *
 * `file`, `name`, `offset` and `flags` are `null` if they do not exist (anonymous memory has no file) or
 * could not be read; in the second case the listing's `skipped` has the reason. {@link classifyMapping} gives
 * the class of a mapping.
 */
export interface OsiModule {
  /** Address of its descriptor (on Linux its `vm_area_struct`), virtual. */
  readonly modd: VirtualAddress;
  /** First byte, virtual. */
  readonly base: VirtualAddress;
  /** How many bytes; the last is at `base + size - 1`. */
  readonly size: number;
  /** Path of the file that is mapped; `null` if there is no file. */
  readonly file: string | null;
  /** Last component of the path; of a mapping without a file `[heap]`, `[stack]` or another text in brackets. */
  readonly name: string | null;
  /** Where in the file the mapping starts, in bytes. */
  readonly offset: bigint | null;
  /** The operating system's flags of the mapping, as it keeps them (on Linux `vm_flags`). */
  readonly flags: bigint | null;
}

/**
 * A module of the kernel. Corresponds to PANDA's `OsiModule`, without the fields that only mappings have.
 *
 * A field is `null` if it does not exist or could not be read; in the second case `skipped` has the
 * reason.
 */
export interface OsiKernelModule {
  /** Address of its descriptor (on Linux its `module`), virtual. */
  readonly modd: VirtualAddress;
  /** First byte, virtual. */
  readonly base: VirtualAddress | null;
  /** How many bytes. */
  readonly size: number | null;
  /** Its name. */
  readonly name: string | null;
  /** Path of the file that it was loaded from, where the operating system keeps it; Linux does not. */
  readonly file?: string | null;
}

/** The heap of a process as its kernel keeps it. Corresponds to PANDA's `OsiProcMem`. */
export interface OsiProcMem {
  /** First byte of the heap, virtual in the process. */
  readonly startBrk: VirtualAddress;
  /** First byte after it. */
  readonly brk: VirtualAddress;
}

/** Where a processor executes. PANDA's plugins have it from the emulator. */
export interface OsiExecutionPoint {
  /** Address of the next instruction, virtual. */
  readonly pc: VirtualAddress;
  /** Whether the kernel runs or a program. */
  readonly mode: 'kernel' | 'user';
}
