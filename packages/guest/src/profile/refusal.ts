import { formatAddress, OsiError } from '@osi-linux/core';
import { type KeyFile, type KeyFileGroup, nearestGroupNames, safeParseKernelInfo } from '@osi-linux/kconf';
import type { KernelSearch } from '../kernel/search';
import type { ProfileSource } from './choice';
import { parseProfileName } from './kernel-name';
import { namedProfile } from './names';
import { findPidZero, neededName } from './section-needed';

/** There is no key file where one is named. */
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

/** The group that is named contradicts the dump. */
export function mismatch(
  search: KernelSearch,
  file: string,
  group: KeyFileGroup,
  contradictions: readonly string[],
): OsiError {
  const banner = search.banner?.text;
  const lines = [...contradictions, ...kernelSeen(search)].map((said) => `\n  - ${said}`).join('');
  return new OsiError('PROFILE_MISMATCH', `[${group.name}] of ${file} does not fit this dump:${lines}`, {
    hint: remedy(group, banner),
    fields: { file, group: group.name, contradictions, banner },
  });
}

/** No section fits, and none can be derived, for the reasons that are given. */
export function noneFits(search: KernelSearch, source: ProfileSource, reasons: readonly string[]): OsiError {
  const { keyFile, places = [] } = source;
  const file = namedProfile(source).kconfFile ?? 'kernelinfo.conf';
  const names = (keyFile?.groups ?? []).map(({ name }) => `[${name}]`);
  const lines = [...reasons, ...kernelSeen(search)].map((said) => `\n  - ${said}`).join('');
  const fields = { tried: names, places, banner: search.banner?.text };
  const more = { hint: MAKE_SECTION, fields };
  if (keyFile === undefined) {
    const message = `the kernel's offsets are missing: there is no ${file}${placesText(places)}${lines}`;
    return new OsiError('PROFILE_FILE_MISSING', message, more);
  }
  const message = `none of the ${names.length} groups of ${file} fits this dump:${lines}`;
  return new OsiError('PROFILE_NONE_FITS', message, more);
}

/** What to do where no section can be had. */
export const MAKE_SECTION =
  'make a section for this kernel: load the kernelinfo module in the running guest and import its log (docs/adding-a-kernel.md)';

function placesText(places: readonly string[]): string {
  if (places.length === 0) return '';
  return `; looked for:${places.map((place) => `\n  - ${place}`).join('')}`;
}

/** What is known of the kernel without a section. */
function kernelSeen(search: KernelSearch): string[] {
  const { kernel, banner } = search;
  if (banner === undefined)
    return ['the dump has no "Linux version" banner; check that it is the memory of a Linux guest'];
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
  const told = info['name'] === undefined ? undefined : parseProfileName(info['name']);
  const sameKernel =
    told !== undefined && banner?.includes(told.version) && banner.includes(told.release ?? '');
  return sameKernel
    ? 'the kernel build is the same, but the section is of another guest or boot, or the dump is damaged: import the log of this boot'
    : 'the section is of another kernel: import a section from the log of the dumped guest (docs/adding-a-kernel.md)';
}
