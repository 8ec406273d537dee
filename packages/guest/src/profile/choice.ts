import type { KernelInfo, KeyFile } from '@osi-linux/kconf';
import type { Finding } from '@osi-linux/memory';
import type { KernelSearch } from '../kernel/search';
import type { Candidate } from './candidate';
import { namedProfile } from './names';
import { contradictionsText, refuse } from './refusal';
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
    const best = bestOf(tried);
    if (best !== undefined) return choiceOf(best, unfitFindings(best.candidate, source, refused));
    refused.push(...tried);
  }
  throw refuse(search, source, refused);
}

interface Fitting {
  readonly candidate: Candidate;
  readonly fits: FittingProfile;
  readonly isSlid: boolean;
}

/** Of several that fit the newest generation of keys, of those one of this very boot, of those the first. */
function bestOf(tried: readonly Tried[]): Fitting | undefined {
  const fitting = tried.flatMap(({ candidate, verdict }) =>
    verdict.fits === undefined ? [] : [{ candidate, ...verdict }],
  );
  const rank = ({ fits, isSlid }: Fitting) => keyGeneration(fits.kernel.info) * 2 + (isSlid ? 0 : 1);
  const [best] = fitting.sort((one, other) => rank(other) - rank(one));
  return best;
}

/** Newest generation of keys first: a section of ours, one of today's PANDA, an older one. */
function keyGeneration(info: KernelInfo): number {
  if (info['kernel.pgtable_levels'] !== undefined) return 2;
  return info['version.a'] === undefined ? 0 : 1;
}

function choiceOf({ candidate, fits }: Fitting, unfit: readonly Finding[]): ProfileChoice {
  const findings = [...unfit, ...fits.findings];
  if (candidate.kind === 'derived') return { ...fits, findings, group: null, from: 'derived' };
  const { name } = candidate.group;
  const note = { what: 'section', value: name, evidence: 'note of the dump' };
  const all = candidate.place === 'note' ? [...unfit, note, ...fits.findings] : findings;
  return { ...fits, findings: all, group: name, from: name === DEFAULT_GROUP ? 'default' : 'section' };
}

/** A file that was named, and not merely found, is expected to be used: a finding if another profile is. */
function unfitFindings(best: Candidate, source: ProfileSource, refused: readonly Tried[]): Finding[] {
  const { keyFile, places = [] } = source;
  const { kconfFile } = namedProfile(source);
  const isOfFile = best.kind === 'section' && best.place === 'file';
  const isNamed = kconfFile !== undefined && places.length === 0;
  if (keyFile === undefined || keyFile.groups.length === 0 || !isNamed || isOfFile) return [];
  const [first] = refused.filter(
    ({ candidate }) => candidate.kind === 'section' && candidate.place === 'file',
  );
  const [reason] = first === undefined ? [] : contradictionsText(first.verdict);
  return [
    {
      what: 'key-file-unfit',
      title: 'key file',
      value: unfitText(keyFile, kconfFile),
      evidence: reason ?? OTHER_NAMES,
    },
  ];
}

function unfitText({ groups }: KeyFile, file: string): string {
  const [only] = groups;
  return groups.length === 1 && only !== undefined
    ? `[${only.name}] of ${file} does not fit this dump`
    : `none of the ${groups.length} sections of ${file} fits this dump`;
}

const OTHER_NAMES = 'no section has a name that is in the banner of the guest';
