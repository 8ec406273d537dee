import { OsiError, type PhysicalMemory } from '@osi-linux/core';
import {
  findGroup,
  type KernelInfo,
  type KeyFile,
  type KeyFileGroup,
  nearestGroupNames,
  safeParseKernelInfo,
} from '@osi-linux/kconf';
import { findInitTask, type Kernel, LinearMapMemory } from '@osi-linux/kstruct';
import type { Dump, Finding } from '@osi-linux/memory';
import { AddressSpace, linuxNonPresent } from '@osi-linux/x86-mmu';
import { findAnchor } from './anchor';
import { type Banner, scanForBanner } from './banner';
import { findKernelRoots, type KernelRoot } from './kernel-root';
import { checkProfileFit, HOLE_CODES } from './profile-fit';
import { parseProfileName } from './profile-name';
import { namedProfile, type ProfileNames } from './profile-names';
import { findSwapTypes } from './swap-types';

/** Where a profile may come from. */
export interface ProfileSource extends ProfileNames {
  /** The read `kernelinfo.conf`; `undefined` where there is none. */
  readonly keyFile?: KeyFile | undefined;
  /** The places in which the file was looked for, told where there is none. */
  readonly places?: readonly string[] | undefined;
}

/** A profile that fits the dump, and the kernel read through it. */
export interface ProfileChoice {
  /** Name of the group of `kernelinfo.conf`. */
  readonly group: string;
  /** `section` where the group was named or found to fit, `default` where it is the seed document's. */
  readonly from: 'section' | 'default';
  /** The kernel's memory and its offsets. */
  readonly kernel: Kernel;
  /** The kernel's own page tables. */
  readonly tables: AddressSpace;
  /** The page-table root through which the kernel is read. */
  readonly root: KernelRoot;
  /** What was held against memory and agrees. */
  readonly findings: readonly Finding[];
}

/** The group that PANDA's osi_linux documents as its default. */
const DEFAULT_GROUP = 'debian-3.2.65-i686';

/**
 * Chooses the group of `kernelinfo.conf` that describes the kernel in memory, and refuses every other.
 *
 * @throws OsiError `PROFILE_FILE_MISSING`, `PROFILE_GROUP_UNKNOWN`, `PROFILE_MISMATCH` or `PROFILE_NONE_FITS`; what is
 * wrong with the plugin arguments.
 */
export function chooseProfile(dump: Dump, source: ProfileSource): ProfileChoice {
  const { keyFile } = source;
  const { kconfFile, kconfGroup } = namedProfile(source);
  const file = kconfFile ?? 'kernelinfo.conf';
  if (keyFile === undefined) throw missingFile(file, source.places ?? []);
  if (kconfGroup === undefined) return firstThatFits(dump, keyFile, file);
  const group = findGroup(keyFile, kconfGroup);
  if (group === undefined) throw unknownGroup(keyFile, file, kconfGroup);
  const trial = tryGroup(dump, group);
  if (trial.choice !== undefined) return trial.choice;
  throw mismatch(dump, file, group, trial.contradictions);
}

interface Trial {
  readonly choice?: ProfileChoice;
  readonly contradictions: readonly string[];
}

function tryGroup(dump: Dump, group: KeyFileGroup): Trial {
  const { info, issues } = safeParseKernelInfo(group);
  const wrong = issues.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0)
    return { contradictions: wrong.map(({ line, message }) => `line ${line}: ${message}`) };
  const roots = findKernelRoots(dump, info);
  if (roots.length === 0) return { contradictions: [noRoot(info)] };
  let contradictions: readonly string[] | undefined;
  for (const root of roots) {
    const tables = new AddressSpace(root.form, dump.memory, root.root, linuxNonPresent(findSwapTypes(info)));
    const memory = new LinearMapMemory(tables, dump.memory, info);
    const kernel = withAnchor({ memory, info }, dump.memory);
    const fit = checkProfileFit(kernel);
    if (fit.contradictions.length === 0) {
      const from = group.name === DEFAULT_GROUP ? 'default' : 'section';
      return {
        choice: { group: group.name, from, kernel, tables, root, findings: fit.findings },
        contradictions: [],
      };
    }
    contradictions ??= fit.contradictions.map((said) => `${said} (page tables: ${root.evidence})`);
  }
  return { contradictions: contradictions ?? [] };
}

/** A dump that lacks `init_task` itself may still hold the tasks around it. */
function withAnchor(kernel: Kernel, memory: PhysicalMemory): Kernel {
  if (kernel.info['task.init_addr'] === undefined) return kernel;
  const at = findInitTask(kernel).address;
  const missing = kernel.memory.page(at) === undefined && HOLE_CODES.has(kernel.memory.fault(at).code);
  return missing ? { ...kernel, anchor: findAnchor(kernel, memory) } : kernel;
}

function firstThatFits(dump: Dump, keyFile: KeyFile, file: string): ProfileChoice {
  const fitting = keyFile.groups
    .map((group) => tryGroup(dump, group).choice)
    .filter((choice) => choice !== undefined);
  const [first] = fitting.sort((a, b) => richness(b.kernel.info) - richness(a.kernel.info));
  if (first !== undefined) return first;
  const banner = scanForBanner(dump.memory);
  const names = keyFile.groups.map(({ name }) => `[${name}]`);
  const message = `none of the ${names.length} groups of ${file} fits this dump:\n  - ${kernelSeen(banner)}`;
  throw new OsiError('PROFILE_NONE_FITS', message, {
    hint: 'make a section for this kernel, on the running guest: docs/adding-a-kernel.md',
    fields: { tried: names, banner: banner?.text },
  });
}

function kernelSeen(banner: Banner | undefined): string {
  if (banner !== undefined) return `the guest's banner is "${banner.text}"`;
  return 'no "Linux version" banner is anywhere in the dump: is it the memory of a Linux guest?';
}

/** Newest generation of keys first: a section of ours, one of today's PANDA, an older one. */
function richness(info: KernelInfo): number {
  if (info['kernel.pgtable_levels'] !== undefined) return 2;
  return info['version.a'] === undefined ? 0 : 1;
}

function noRoot(info: KernelInfo): string {
  const lacks =
    info['kernel.swapper_pg_dir_addr'] === undefined ? 'the section has no kernel.swapper_pg_dir_addr' : '';
  return ['no page-table root: the dump has no CPU registers', lacks].filter(Boolean).join(', and ');
}

function missingFile(file: string, places: readonly string[]): OsiError {
  const looked = places.map((place) => `\n  - ${place}`).join('');
  const message = `there is no ${file} to take the kernel's offsets from${looked && `; looked for:${looked}`}`;
  return new OsiError('PROFILE_FILE_MISSING', message, {
    hint: 'name one with --kconf-file FILE, or make one: kconf-import dmesg.log --group NAME',
    fields: { file, places },
  });
}

function unknownGroup(keyFile: KeyFile, file: string, wanted: string): OsiError {
  const names = nearestGroupNames(keyFile, wanted);
  const list = names.length === 0 ? 'it has none' : names.map((name) => `[${name}]`).join(' ');
  return new OsiError('PROFILE_GROUP_UNKNOWN', `${file} has no group [${wanted}]`, {
    hint: `groups of the file, nearest name first: ${list}`,
    fields: { file, group: wanted, groups: names },
  });
}

function mismatch(
  dump: Dump,
  file: string,
  group: KeyFileGroup,
  contradictions: readonly string[],
): OsiError {
  const banner = scanForBanner(dump.memory);
  const lines = [...contradictions, kernelSeen(banner)].map((said) => `\n  - ${said}`).join('');
  return new OsiError('PROFILE_MISMATCH', `[${group.name}] of ${file} does not fit this dump:${lines}`, {
    hint: remedy(group, banner?.text),
    fields: { file, group: group.name, contradictions, banner: banner?.text },
  });
}

function remedy(group: KeyFileGroup, banner: string | undefined): string {
  const { info } = safeParseKernelInfo(group);
  const told = info['name'] === undefined ? undefined : parseProfileName(info['name']);
  const sameKernel =
    told !== undefined && banner?.includes(told.version) && banner.includes(told.release ?? '');
  return sameKernel
    ? 'the same kernel build at other addresses: KASLR moves it on each boot; import the log of this very boot, or boot with nokaslr'
    : 'another kernel; import a section from the log of the guest that was dumped: docs/adding-a-kernel.md';
}
