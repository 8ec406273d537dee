import type { VirtualAddress } from '../address/index';
import type { Cpu } from './cpu';

/**
 * The facts that the walkers need of a processor architecture; handed down as a value, with the memory.
 *
 * Only little-endian guests are read: all that Linux supports on x86 and what distributions build for arm64 is, and no
 * reader asks.
 */
export interface Architecture {
  /** The kernel's own name of it, as `uname -m` prints: `x86_64`, `i686`. */
  readonly name: string;
  /** Bytes of a pointer and of an `unsigned long`. */
  readonly wordSize: 4 | 8;
  /**
   * Base-2 logarithm of the kernel's own page size: `PAGE_SHIFT`, 12 on x86, 12, 14 or 16 on arm64. Memory is read in
   * frames of 4 KiB (`PAGE_SIZE`) in any case.
   */
  readonly pageShift: number;

  /** Whether a virtual address lies where kernels of this architecture keep their data. */
  isKernelAddress(address: VirtualAddress): boolean;

  /**
   * The same of an address that is given as its two halves of 32 bits, unsigned, for walks that make no bigint of each
   * pointer that they look at. Where it is absent, {@link isKernelAddress} is asked.
   */
  isKernelHalves?(low: number, high: number): boolean;

  /**
   * Physical address behind a virtual one that the kernel maps in one run, its image or all of RAM: by arithmetic, without
   * page tables, and whether or not there is memory. `undefined` if the profile lacks the constants of the
   * run.
   */
  linearPhysical(address: VirtualAddress, runs: LinearRuns): bigint | undefined;

  /**
   * The values in a processor's registers that may be the base of its per-CPU area, which differs by its
   * mode; empty if the source lacks them. A base of the kernel is `__per_cpu_offset[cpu]`.
   */
  perCpuBases(cpu: Cpu): readonly VirtualAddress[];

  /** Virtual address of the next instruction, or `undefined` if the source lacks the register. */
  programCounter(cpu: Cpu): VirtualAddress | undefined;

  /** Whether a processor runs the kernel or a program, or `undefined` if the source lacks the registers. */
  modeOf(cpu: Cpu): CpuMode | undefined;

  /**
   * The `task_struct` that a processor's registers lead to, virtual, or `undefined` if they do not at that
   * moment. Absent if the kernel keeps the current task in a per-CPU variable alone, as x86 does
   * (`current_task`).
   */
  currentTask?(cpu: Cpu): VirtualAddress | undefined;
}

/** The kind of code that a processor runs. */
export type CpuMode = 'kernel' | 'user';

/** The constants of a kernel's linear mappings, as far as its profile has them. */
export interface LinearRuns {
  /** By how many bytes the image lies behind where it was linked to, physical; signed. Corresponds to `phys_base`. */
  readonly physBase: number | undefined;
  /** First virtual address of the map of all RAM. Corresponds to `PAGE_OFFSET`. */
  readonly pageOffset: VirtualAddress | undefined;
}
