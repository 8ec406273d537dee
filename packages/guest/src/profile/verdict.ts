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
  /** What was held against memory and agrees. */
  readonly findings: readonly Finding[];
}

/** What came of holding a profile against a dump: a kernel, or what contradicts the profile. */
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

/** A candidate and what came of it. */
export interface Tried {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
}
