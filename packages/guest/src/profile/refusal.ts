import { formatAddress, OsiError } from '@osi-linux/core';
import {
  type KeyFile,
  type KeyFileGroup,
  nearestGroupNames,
  parseKernelName,
  safeParseKernelInfo,
} from '@osi-linux/kconf';
import type { KernelSearch } from '../kernel/search';
import type { SectionCandidate } from './candidate';
import type { Contradiction } from './contradiction';
import { damageHint, hintOf } from './dump-damage';
import { namedProfile } from './names';
import { findPidZero, neededName } from './section-needed';
import type { ProfileSource } from './source';
import type { Tried, Verdict } from './verdict';

/** The named key file does not exist. */
export function missingFile(file: string, places: readonly string[] = []): OsiError {
  const message = `the kernel's offsets are missing: there is no ${file}${placesText(places)}`;
  return new OsiError('PROFILE_FILE_MISSING', message, {
    hint: 'give a file with --kconf-file FILE, or make one: kconf-import dmesg.log --group NAME',
    fields: { file, places },
  });
}

/** The group that is named is not in the file. */
export function unknownGroup(keyFile: KeyFile, file: string, wanted: string): OsiError {
  const names = nearestGroupNames(keyFile, wanted);
  const list = names.length === 0 ? 'the file has no groups' : names.map((name) => `[${name}]`).join(' ');
  return new OsiError('PROFILE_GROUP_UNKNOWN', `${file} has no group [${wanted}]`, {
    hint: `groups of the file, nearest name first: ${list}`,
    fields: { file, group: wanted, groups: names },
  });
}

/** Why no candidate is taken: the group that is named contradicts the dump, or no section fits it. */
export function refuse(search: KernelSearch, source: ProfileSource, tried: readonly Tried[]): OsiError {
  const { kconfGroup } = namedProfile(source);
  const first = tried.find(({ candidate }) => candidate.kind === 'section');
  if (kconfGroup === undefined || first?.candidate.kind !== 'section') return noneFits(search, source, tried);
  return mismatch(search, source, first.candidate, first.verdict);
}

function mismatch(
  search: KernelSearch,
  source: ProfileSource,
  { group, place }: SectionCandidate,
  verdict: Verdict,
): OsiError {
  const contradictions = contradictionsText(verdict);
  const file = place === 'note' ? 'the note of the dump' : fileName(source);
  const banner = search.banner?.text;
  const lines = listText([...contradictions, ...kernelSeen(search)]);
  return new OsiError('PROFILE_MISMATCH', `[${group.name}] of ${file} does not fit this dump:${lines}`, {
    hint: isUnreadable(verdict) ? hintOf(search, remedy(group, banner)) : remedy(group, banner),
    fields: { file, group: group.name, contradictions, banner },
  });
}

/** Whether the dump lacks the memory that the section leads to; a section can be right for all that is known. */
function isUnreadable(verdict: Verdict): boolean {
  return verdict.fits === undefined && verdict.contradictions.some(({ kind }) => kind === 'unreadable');
}

/** No section fits, and none can be derived. */
function noneFits(search: KernelSearch, source: ProfileSource, tried: readonly Tried[]): OsiError {
  const { keyFile, places = [] } = source;
  const names = (keyFile?.groups ?? []).map(({ name }) => `[${name}]`);
  const reasons = tried.flatMap(({ candidate, verdict }) =>
    candidate.kind === 'derived' ? contradictionsText(verdict).map(damageText(verdict)) : [],
  );
  const lines = listText([...reasons, ...kernelSeen(search)]);
  const fields = { tried: names, places, banner: search.banner?.text };
  const more = { hint: hintOf(search, MAKE_SECTION), fields };
  if (keyFile === undefined) {
    const message = `the kernel's offsets are missing: there is no ${fileName(source)}${placesText(places)}${lines}`;
    return new OsiError('PROFILE_FILE_MISSING', message, more);
  }
  const message = `none of the ${names.length} groups of ${fileName(source)} fits this dump:${lines}`;
  return new OsiError('PROFILE_NONE_FITS', message, more);
}

/**
 * A derived profile that contradicts its own memory is damaged; a profile that cannot be derived has its own
 * reason.
 */
function damageText(verdict: Verdict): (text: string) => string {
  const isDerived = verdict.fits === undefined && verdict.through !== undefined;
  return (text) => (isDerived ? `the guest's BTF or symbol table is damaged: ${text}` : text);
}

function fileName(source: ProfileSource): string {
  return namedProfile(source).kconfFile ?? 'kernelinfo.conf';
}

/** Lines of a message, one for each of some sentences. */
export function listText(sentences: readonly string[]): string {
  return sentences.map((sentence) => `\n  - ${sentence}`).join('');
}

/** The contradictions of a profile, each a sentence with the value found and the one expected. */
export function contradictionsText(verdict: Verdict): readonly string[] {
  if (verdict.fits !== undefined) return [];
  const { contradictions, through } = verdict;
  const where = through === undefined ? '' : ` (page tables: ${through.evidence})`;
  return contradictions.map((contradiction) => `${formatContradiction(contradiction)}${where}`);
}

/** The sentence of a contradiction. */
export function formatContradiction(found: Contradiction): string {
  switch (found.kind) {
    case 'section-error':
      return `line ${found.issue.line}: ${found.issue.message}`;
    case 'no-root':
      return `no page-table root: the dump has no CPU registers${found.lacks === undefined ? '' : `, and the section has no ${found.lacks}`}`;
    case 'not-derivable':
      return found.reason.message;
    case 'unreadable':
      return `${found.structure} cannot be read: ${found.reason.message}`;
    case 'init-task-name':
      return `${found.key} ${formatAddress(found.address)} has the name "${found.received}", expected "${found.expected}"`;
    case 'init-task-pid':
      return `${found.key} ${formatAddress(found.address)} has pid ${found.received}, expected ${found.expected}`;
    case 'task-list-open':
      return `task_struct.tasks at ${formatAddress(found.address)} is not a list: neither neighbour points back`;
    case 'first-process-pid':
      return `the first process after init_task has pid ${found.received}, expected ${found.expected}`;
    case 'first-process-parent':
      return `the parent of pid 1 is ${formatAddress(found.received)}, expected init_task`;
    case 'kernel-name':
      return `the profile is of "${found.expected}", but ${KERNEL_NAMES[found.by]} "${found.received}"`;
    case 'machine':
      return `the profile is of a ${found.expected} kernel, but ${found.by === 'page-tables' ? `the page tables are those of ${found.received}` : `this one is ${found.received}`}`;
  }
}

const KERNEL_NAMES = {
  init_uts_ns: 'the kernel is',
  banner: "the guest's banner is",
  'page-tables': 'the page tables are of',
} as const;

/** The next step if there is no section. */
export const MAKE_SECTION =
  'make a section for this kernel: load the kernelinfo module in the running guest and import its log (docs/adding-a-kernel.md)';

function placesText(places: readonly string[]): string {
  if (places.length === 0) return '';
  return `; looked for:${places.map((place) => `\n  - ${place}`).join('')}`;
}

/** The facts about the kernel that are known without a section. */
function kernelSeen(search: KernelSearch): string[] {
  const { kernel, banner } = search;
  if (banner === undefined)
    return damageHint(search.dump.findings) === undefined
      ? ['the dump has no "Linux version" banner; check that it is the memory of a Linux guest']
      : ['the memory that could be read has no "Linux version" banner'];
  const seen = [`the guest's banner is "${banner.text}"`];
  if (kernel !== undefined) {
    const { form, textBase, kaslrShift } = kernel.location;
    const shift = kaslrShift === null ? '' : `, which KASLR moved by ${formatAddress(kaslrShift)}`;
    seen.push(`its image begins at ${formatAddress(textBase)}${shift}, in ${form.name} paging`);
    const init = findPidZero(search);
    if (init !== undefined) seen.push(`its init_task is at ${formatAddress(init.address)}: ${init.evidence}`);
  }
  const name = neededName(search);
  return name === undefined ? seen : [...seen, `a section for it has the name ${name}`];
}

function remedy(group: KeyFileGroup, banner: string | undefined): string {
  const { info } = safeParseKernelInfo(group);
  const told = info['name'] === undefined ? undefined : parseKernelName(info['name']);
  const sameKernel =
    told !== undefined && banner?.includes(told.version) && banner.includes(told.release ?? '');
  return sameKernel
    ? 'the kernel build is the same, but the section is of another guest or boot, or the dump is damaged: import the log of this boot'
    : 'the section is of another kernel: import a section from the log of the dumped guest (docs/adding-a-kernel.md)';
}
