import { OsiError } from '@osi-linux/core';
import {
  findGroup,
  type KernelInfo,
  type KeyFile,
  type KeyFileGroup,
  safeParseKeyFile,
} from '@osi-linux/kconf';
import type { Dump, Finding } from '@osi-linux/memory';
import { findNamedRoots } from '@osi-linux/symbols';
import type { KernelRoot } from '../kernel/root';
import type { KernelSearch } from '../kernel/search';
import { type DerivedProfile, deriveProfile, rootOf, tryDerived } from './derive';
import { namedProfile, type ProfileNames } from './names';
import { likelyGroups } from './prefilter';
import { mismatch, missingFile, noneFits, unknownGroup } from './refusal';
import { type FittingProfile, tryGroup } from './trial';

/** Where a profile may come from. */
export interface ProfileSource extends ProfileNames {
  /** The read `kernelinfo.conf`; `undefined` where there is none. */
  readonly keyFile?: KeyFile | undefined;
  /** The places in which the file was looked for, told where there is none. */
  readonly places?: readonly string[] | undefined;
}

/** A profile that fits the dump, and the kernel read through it. */
export interface ProfileChoice extends FittingProfile {
  /** Name of the group of `kernelinfo.conf`; `null` where the profile is derived. */
  readonly group: string | null;
  /**
   * `section` where the group was named or found to fit, `derived` where the guest's own types and symbols tell it,
   * `default` where it is the seed document's.
   */
  readonly from: 'section' | 'derived' | 'default';
}

/** The group that PANDA's osi_linux documents as its default. */
const DEFAULT_GROUP = 'debian-3.2.65-i686';

/**
 * Chooses the profile of the kernel in memory, and refuses every other: the group that is named; else a group of the
 * file that fits, where KASLR moved the kernel by moving its addresses too; else what the guest's own types and symbols
 * tell.
 *
 * A section that lies in the dump itself goes before a file that was merely found, and behind one that is named.
 * Memory is only searched where no section fits.
 *
 * @throws OsiError `PROFILE_FILE_MISSING`, `PROFILE_GROUP_UNKNOWN`, `PROFILE_MISMATCH` or `PROFILE_NONE_FITS`; what is
 * wrong with the plugin arguments.
 */
export function chooseProfile(search: KernelSearch, source: ProfileSource): ProfileChoice {
  const { kconfFile, kconfGroup } = namedProfile(source);
  if (kconfGroup !== undefined) return chooseNamed(search, source, kconfGroup);
  const found = (source.places ?? []).length > 0;
  if (source.keyFile === undefined && kconfFile !== undefined && !found) throw missingFile(kconfFile);
  const groups = source.keyFile?.groups ?? [];
  const noted = [noteOf(search.dump)].filter((group) => group !== undefined);
  const orders = found ? [noted, groups] : [groups, noted];
  for (const candidates of orders) {
    const choice = firstThatFits(search, candidates);
    if (choice !== undefined) return candidates === noted ? fromNote(choice) : choice;
  }
  return chooseDerived(search, source);
}

/** The section that the dump itself has. */
function noteOf({ profile }: Dump): KeyFileGroup | undefined {
  return profile === undefined ? undefined : safeParseKeyFile(profile).file.groups[0];
}

function fromNote(choice: ProfileChoice): ProfileChoice {
  const finding: Finding = { what: 'section', value: choice.group ?? '', evidence: 'note of the dump' };
  return { ...choice, findings: [finding, ...choice.findings] };
}

function chooseNamed(search: KernelSearch, source: ProfileSource, name: string): ProfileChoice {
  const { keyFile } = source;
  const file = namedProfile(source).kconfFile ?? 'kernelinfo.conf';
  const inFile = keyFile && findGroup(keyFile, name);
  const note = noteOf(search.dump);
  const group = inFile ?? (note?.name === name ? note : undefined);
  if (group === undefined) {
    throw keyFile === undefined ? missingFile(file, source.places) : unknownGroup(keyFile, file, name);
  }
  const { choice, contradictions } = tryHarder(search, group);
  if (choice === undefined)
    throw mismatch(search, inFile ? file : 'the note of the dump', group, contradictions);
  return inFile ? choice : fromNote(choice);
}

interface GroupTrial {
  readonly choice?: ProfileChoice;
  readonly isSlid?: boolean;
  readonly contradictions: readonly string[];
}

/** By what the dump and the section name; where the dump names nothing, through what a search of memory finds. */
function tryHarder(search: KernelSearch, group: KeyFileGroup): GroupTrial {
  const first = tryOnce(search, group);
  if (first.choice !== undefined || namesRoots(search)) return first;
  const second = tryOnce(search, group, foundRoots(search));
  return second.choice === undefined && first.contradictions.length > 0 ? first : second;
}

function tryOnce({ dump }: KernelSearch, group: KeyFileGroup, found?: readonly KernelRoot[]): GroupTrial {
  const { fitting, isSlid = false, contradictions } = tryGroup(dump, group, found);
  if (fitting === undefined) return { contradictions };
  const from = group.name === DEFAULT_GROUP ? 'default' : 'section';
  return { choice: { ...fitting, group: group.name, from }, isSlid, contradictions };
}

function namesRoots({ dump }: KernelSearch): boolean {
  return findNamedRoots(dump).length > 0;
}

function foundRoots({ kernel }: KernelSearch): readonly KernelRoot[] {
  return kernel === undefined ? [] : [rootOf(kernel)];
}

/** Of several that fit the newest generation of keys, of those one of this very boot, of those the first. */
function firstThatFits(search: KernelSearch, groups: readonly KeyFileGroup[]): ProfileChoice | undefined {
  const likely = likelyGroups(search.dump, groups);
  const fitting = (found?: readonly KernelRoot[]): GroupTrial[] =>
    likely.map((group) => tryOnce(search, group, found)).filter(({ choice }) => choice !== undefined);
  const first = fitting();
  const all =
    first.length > 0 || likely.length === 0 || namesRoots(search) ? first : fitting(foundRoots(search));
  return all.sort((a, b) => rank(b) - rank(a))[0]?.choice;
}

function rank({ choice, isSlid }: GroupTrial): number {
  return choice === undefined ? -1 : richness(choice.kernel.info) * 2 + (isSlid === true ? 0 : 1);
}

/** Newest generation of keys first: a section of ours, one of today's PANDA, an older one. */
function richness(info: KernelInfo): number {
  if (info['kernel.pgtable_levels'] !== undefined) return 2;
  return info['version.a'] === undefined ? 0 : 1;
}

function chooseDerived(search: KernelSearch, source: ProfileSource): ProfileChoice {
  const { derived, problem } = tryDerive(search);
  if (derived === undefined) throw noneFits(search, source, [problem.message]);
  const { fitting, contradictions } = tryDerived(search, derived);
  if (fitting !== undefined) return { ...fitting, group: null, from: 'derived' };
  const damaged = contradictions.map((said) => `the guest's BTF or symbol table is damaged: ${said}`);
  throw noneFits(search, source, damaged);
}

type DerivationOutcome =
  | { readonly derived: DerivedProfile; readonly problem?: undefined }
  | { readonly derived?: undefined; readonly problem: OsiError };

function tryDerive(search: KernelSearch): DerivationOutcome {
  try {
    return { derived: deriveProfile(search) };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return { problem: error };
  }
}
