import { OsiError } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import type { Dump, Finding } from '@osi-linux/memory';
import type { KernelSearch } from '../kernel/search';
import { searchKernel } from '../layout/placed-dump';
import { deriveProfile } from '../profile/derived-profile';
import { withFindingsOf } from '../profile/dump-damage';
import { contradictionsText, listText } from '../profile/refusal';
import { tryDerivedProfile } from '../profile/trial';

/** A section of `kernelinfo.conf` that is derived from the kernel in a dump. */
export interface DerivedSection {
  /** The values by key. */
  readonly info: KernelInfo;
  /** The lines of the section, `key = value`, without its header. */
  readonly lines: readonly string[];
  /** The keys that this kernel has no value for, each with the reason. Kernels differ: not every one is a loss. */
  readonly missing: readonly {
    /** The key. */
    readonly key: string;
    /** Why, as a clause. */
    readonly reason: string;
  }[];
  /**
   * The method that led to the kernel, and the parts of the section that were compared with memory and agree.
   */
  readonly findings: readonly Finding[];
}

/**
 * Derives the section of the kernel in a dump from the kernel's own types and symbols, with the addresses of this boot.
 *
 * @throws OsiError `PROFILE_NOT_DERIVABLE` where the kernel is not found, has no symbols or no BTF, or where what it
 * tells contradicts its own memory; what is wrong with its BTF.
 *
 * @example
 * ```ts
 * declare const dump: Dump; // the pages that listings touch: neither symbols nor types are among them
 * deriveSection(dump) // throws PROFILE_NOT_DERIVABLE
 * ```
 */
export function deriveSection(dump: Dump): DerivedSection {
  return withFindingsOf(dump, () => deriveSectionBy(searchKernel(dump)));
}

function deriveSectionBy(search: KernelSearch): DerivedSection {
  const derived = deriveProfile(search);
  const verdict = tryDerivedProfile(search.dump, derived);
  const { info, lines, missing } = derived;
  if (verdict.fits !== undefined) return { info, lines, missing, findings: verdict.fits.findings };
  const contradictions = contradictionsText(verdict);
  throw new OsiError(
    'PROFILE_NOT_DERIVABLE',
    `the kernel's types and symbols contradict its memory:${listText(contradictions)}`,
    {
      hint: 'the dump is damaged, or the guest ran while it was dumped: stop the guest and dump it again',
      fields: { contradictions },
    },
  );
}
