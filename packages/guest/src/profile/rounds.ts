import { findGroup, type KeyFileGroup, safeParseKeyFile } from '@osi-linux/kconf';
import type { Dump } from '@osi-linux/memory';
import { findNamedRoots } from '@osi-linux/symbols';
import type { Candidate, SectionCandidate } from './candidate';
import { namedProfile } from './names';
import { likelyGroups } from './prefilter';
import { missingFile, unknownGroup } from './refusal';
import type { ProfileSource } from './source';

/**
 * The profiles that may be of the kernel in a dump, in rounds: the best that fits in a round is taken, and
 * the next round is only tried if none does.
 *
 * A group that is named is the only one. Else a section in the dump goes before a file that was merely found,
 * and behind a file that is named; a profile derived from the guest itself comes last. Sections are tried
 * through page tables that a search of memory leads to where the dump names none.
 *
 * @throws OsiError `PROFILE_FILE_MISSING`, `PROFILE_GROUP_UNKNOWN`; what is wrong with the plugin arguments.
 */
export function* eachRound(dump: Dump, source: ProfileSource): Generator<readonly Candidate[]> {
  const { kconfFile, kconfGroup } = namedProfile(source);
  if (kconfGroup !== undefined) {
    yield* eachRoundOf(dump, [findNamed(dump, source, kconfGroup)]);
    return;
  }
  const wasFound = (source.places ?? []).length > 0;
  if (source.keyFile === undefined && kconfFile !== undefined && !wasFound) throw missingFile(kconfFile);
  const noted = sectionsOf(
    'note',
    [noteOf(dump)].filter((group) => group !== undefined),
  );
  const filed = sectionsOf('file', source.keyFile?.groups ?? []);
  for (const sections of wasFound ? [noted, filed] : [filed, noted]) yield* eachRoundOf(dump, sections);
  yield [{ kind: 'derived' }];
}

type Section = Pick<SectionCandidate, 'group' | 'place'>;

/** Memory is searched at the second round, which is only asked for where nothing fits in the first. */
function* eachRoundOf(dump: Dump, sections: readonly Section[]): Generator<readonly SectionCandidate[]> {
  const likely = new Set(
    likelyGroups(
      dump,
      sections.map(({ group }) => group),
    ),
  );
  const tried = sections.filter(({ group }) => likely.has(group));
  yield tried.map((section) => ({ kind: 'section', ...section, roots: 'named' }));
  if (findNamedRoots(dump).length > 0) return;
  yield tried.map((section) => ({ kind: 'section', ...section, roots: 'searched' }));
}

function sectionsOf(place: Section['place'], groups: readonly KeyFileGroup[]): Section[] {
  return groups.map((group) => ({ group, place }));
}

/** The group that is named: of the file, else of the dump's note. */
function findNamed(dump: Dump, source: ProfileSource, name: string): Section {
  const { keyFile, places } = source;
  const inFile = keyFile && findGroup(keyFile, name);
  if (inFile !== undefined) return { group: inFile, place: 'file' };
  const note = noteOf(dump);
  if (note?.name === name) return { group: note, place: 'note' };
  const file = namedProfile(source).kconfFile ?? 'kernelinfo.conf';
  throw keyFile === undefined ? missingFile(file, places) : unknownGroup(keyFile, file, name);
}

/** The section that the dump itself has. */
function noteOf({ profile }: Dump): KeyFileGroup | undefined {
  return profile === undefined ? undefined : safeParseKeyFile(profile).file.groups[0];
}
