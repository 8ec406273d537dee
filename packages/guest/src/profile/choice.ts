import type { KernelInfo } from '@osi-linux/kconf';
import type { KernelSearch } from '../kernel/search';
import type { Candidate } from './candidate';
import { refuse } from './refusal';
import { eachRound } from './rounds';
import type { ProfileSource } from './source';
import { tryCandidate } from './trial';
import type { FittingProfile, Tried } from './verdict';

/** A profile that fits the dump, and the kernel read through it. */
export interface ProfileChoice extends FittingProfile {
  /** Name of the group of `kernelinfo.conf`; `null` if the profile is derived. */
  readonly group: string | null;
  /**
   * `section` if the group was named or found to fit, `derived` if it comes from the guest's own types and
   * symbols, `default` if it is the group of PANDA's usage page.
   */
  readonly from: 'section' | 'derived' | 'default';
}

/** The group that PANDA's osi_linux documents as its default. */
const DEFAULT_GROUP = 'debian-3.2.65-i686';

/**
 * Chooses the profile of the kernel in memory, and refuses every other: the group that is named; else a group of the
 * file that fits, if KASLR moved the kernel by moving its addresses too; else one that is derived from the
 * guest's own types and symbols.
 *
 * Memory is only searched if no section fits.
 *
 * @throws OsiError `PROFILE_FILE_MISSING`, `PROFILE_GROUP_UNKNOWN`, `PROFILE_MISMATCH` or `PROFILE_NONE_FITS`; what is
 * wrong with the plugin arguments.
 */
export function chooseProfile(search: KernelSearch, source: ProfileSource): ProfileChoice {
  const refused: Tried[] = [];
  for (const candidates of eachRound(search.dump, source)) {
    const tried = candidates.map((candidate) => ({ candidate, verdict: tryCandidate(search, candidate) }));
    const choice = bestOf(tried);
    if (choice !== undefined) return choice;
    refused.push(...tried);
  }
  throw refuse(search, source, refused);
}

/** Of several that fit the newest generation of keys, of those one of this very boot, of those the first. */
function bestOf(tried: readonly Tried[]): ProfileChoice | undefined {
  const fitting = tried.flatMap(({ candidate, verdict }) =>
    verdict.fits === undefined ? [] : [{ candidate, ...verdict }],
  );
  const rank = ({ fits, isSlid }: (typeof fitting)[number]) =>
    keyGeneration(fits.kernel.info) * 2 + (isSlid ? 0 : 1);
  const [best] = fitting.sort((one, other) => rank(other) - rank(one));
  return best && choiceOf(best.candidate, best.fits);
}

/** Newest generation of keys first: a section of ours, one of today's PANDA, an older one. */
function keyGeneration(info: KernelInfo): number {
  if (info['kernel.pgtable_levels'] !== undefined) return 2;
  return info['version.a'] === undefined ? 0 : 1;
}

function choiceOf(candidate: Candidate, fits: FittingProfile): ProfileChoice {
  if (candidate.kind === 'derived') return { ...fits, group: null, from: 'derived' };
  const { name } = candidate.group;
  const note = { what: 'section', value: name, evidence: 'note of the dump' };
  const findings = candidate.place === 'note' ? [note, ...fits.findings] : fits.findings;
  return { ...fits, findings, group: name, from: name === DEFAULT_GROUP ? 'default' : 'section' };
}
