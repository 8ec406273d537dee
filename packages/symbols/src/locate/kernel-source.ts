import type { Cpu, PhysicalMemory } from '@osi-linux/core';
import type { MemorySurvey } from '../survey/memory-survey';

/**
 * The things that can lead to a kernel, in the order in which they are tried: the source's VMCOREINFO note,
 * the registers of its processors, VMCOREINFO in its memory, page tables in its memory. The last two share
 * one pass over memory. If none of these leads to a kernel, the stretches that looked empty are read
 * as well, and VMCOREINFO that does not begin a page, as before Linux v4.13, is searched for in a pass of its
 * own.
 */
export type DiscoveryMethod =
  | 'vmcoreinfo'
  | 'registers'
  | 'vmcoreinfo-in-memory'
  | 'page-tables-in-memory'
  | 'rest-of-memory';

/** The source that is searched for a kernel. */
export interface KernelSource {
  /** The guest's physical memory. */
  readonly memory: PhysicalMemory;
  /** Its processors, as far as the source has their registers. */
  readonly cpus?: readonly Cpu[];
  /** The text of its VMCOREINFO note, where the source has one. */
  readonly vmcoreinfo?: string | undefined;
  /** Its machine, where the source names it. */
  readonly machine?: 'x86_64' | 'i386' | undefined;
  /** Names that the caller goes on to look up: `locateKernel` looks for them on its own way, and they are kept. */
  readonly symbols?: readonly string[];
  /** The methods that may lead to it; all of them unless given. */
  readonly methods?: readonly DiscoveryMethod[];
  /** The survey of all memory, for callers with more than one question; made on demand unless given. */
  readonly survey?: MemorySurvey;
}
