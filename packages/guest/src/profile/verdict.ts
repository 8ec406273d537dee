import type { Kernel } from '@osi-linux/kstruct';
import type { Finding } from '@osi-linux/memory';
import type { KernelRoot } from '@osi-linux/symbols';
import type { AddressSpace } from '@osi-linux/x86-mmu';
import type { Candidate } from './candidate';
import type { Contradiction } from './contradiction';

/** A kernel that a profile leads to and that does not contradict the profile. */
export interface FittingProfile {
  /** The kernel's memory and its offsets. */
  readonly kernel: Kernel;
  /** The kernel's own page tables. */
  readonly tables: AddressSpace;
  /** The page-table root through which the kernel is read. */
  readonly root: KernelRoot;
  /** The facts that were compared with memory and agree. */
  readonly findings: readonly Finding[];
}

/** The result of comparing a profile with a dump: a kernel, or the contradictions of the profile. */
export type Verdict =
  | {
      readonly fits: FittingProfile;
      /** Whether the addresses of the section had to be moved. */
      readonly isSlid: boolean;
    }
  | {
      readonly fits?: undefined;
      /** At least one. */
      readonly contradictions: readonly Contradiction[];
      /** The page tables through which memory contradicts the profile; absent where memory was not looked at. */
      readonly through?: KernelRoot;
    };

/** A candidate and the result of its trial. */
export interface Tried {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
}
