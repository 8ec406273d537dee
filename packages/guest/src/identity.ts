import { attempt, OsiError, PAGE_SIZE } from '@osi-linux/core';
import { readUtsname } from '@osi-linux/kstruct';
import type { Dump, Finding } from '@osi-linux/memory';
import type { KernelLocation } from '@osi-linux/symbols';
import type { PagingFormName } from '@osi-linux/x86-mmu';
import { findBorrowedSpaceFindings } from './compare/borrowed-space-findings';
import { findHiddenFindings } from './compare/hidden-findings';
import { type Guest, openWithSearch } from './guest';
import { type Banner, bannerFinding } from './kernel/banner';
import { reportDiscovery } from './kernel/discovery';
import { findKaslrShift } from './kernel/kaslr';
import { rivalFindings, rootFinding } from './kernel/location-findings';
import { findGuestBanner, type KernelSearch } from './kernel/search';
import { sectionFindings } from './profile/section-needed';
import type { ProfileSource } from './profile/source';

/** The identity of a dump, as far as it is known. */
export interface Identity {
  /** Format of the source: `elf`, `raw`. */
  readonly format: string;
  /** The kernel's own texts; `null` if they were not found. */
  readonly kernel: {
    /** `Linux version ...`, as the kernel greets. */
    readonly banner: string | null;
    /** Release: `6.1.0-37-amd64`. */
    readonly release: string | null;
    /** Machine: `x86_64`. */
    readonly machine: string | null;
  };
  /** The form of paging in use. */
  readonly paging: PagingFormName | null;
  /** By how many bytes KASLR has moved the kernel's image. */
  readonly kaslrShift: bigint | null;
  /** How many processors the guest has online, or the dump has registers of. */
  readonly cpus: number;
  /** The profile that fits; `null` if none does. */
  readonly profile: {
    /** `section`, `derived` or `default`, as in `ProfileChoice`. */
    readonly from: string;
    /** Name of its group of `kernelinfo.conf`; `null` if it is derived. */
    readonly group: string | null;
  } | null;
  /** How much guest-physical memory the source holds. */
  readonly memory: {
    /** Whole pages. */
    readonly pages: number;
    /** Bytes. */
    readonly bytes: number;
  };
  /** Everything that was found on the way, with the evidence. */
  readonly findings: readonly Finding[];
  /** Why no profile fits; then there are no listings. */
  readonly problem: OsiError | null;
}

/**
 * Identifies a dump, also if its processes cannot be read.
 *
 * Looks for the kernel by each discovery method, in one pass over memory, with any profile or none; once more
 * for the banner, if no kernel is found.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * declare const keyFile: KeyFile;
 * identifyGuest(dump, { keyFile }).paging // => '4-level'
 * ```
 */
export function identifyGuest(given: Dump, source: ProfileSource): Identity {
  const { search, guest: opened } = openWithSearch(given, source);
  const { dump } = search;
  const guest = OsiError.is(opened) ? undefined : opened;
  const banner = findBanner(search, guest);
  const findings = reportDiscovery(search);
  const location = search.kernel?.location;
  const pages = dump.memory.ranges.reduce((sum, { start, end }) => sum + (end - start) / PAGE_SIZE, 0);
  return {
    format: dump.format,
    kernel: {
      banner: banner?.text ?? null,
      ...nameOf(guest, banner),
      machine: machineOf(dump, guest, location),
    },
    paging: guest?.profile.root.form.name ?? location?.form.name ?? null,
    kaslrShift: (guest && findKaslrShift(guest)) ?? location?.kaslrShift ?? null,
    cpus: countCpus(dump, guest),
    profile: guest === undefined ? null : { from: guest.profile.from, group: guest.profile.group },
    memory: { pages: Math.floor(pages), bytes: pages * PAGE_SIZE },
    findings: [
      ...dump.findings,
      bannerFinding(banner),
      ...findings,
      ...(guest === undefined ? sectionFindings(search) : guestFindings(guest)),
    ],
    problem: OsiError.is(opened) ? opened : null,
  };
}

/** The banner of the guest, or of the kernel that was found if there is none. */
function findBanner(search: KernelSearch, guest: Guest | undefined): Banner | undefined {
  return (guest && findGuestBanner(search, guest.profile.kernel)) ?? search.banner;
}

function nameOf(guest: Guest | undefined, banner: Banner | undefined): { release: string | null } {
  const fromBanner = /^Linux version (\S+)/.exec(banner?.text ?? '')?.[1] ?? null;
  return { release: readOr(guest, (found) => readUtsname(found.profile.kernel).release, fromBanner) };
}

function machineOf(
  dump: Dump,
  guest: Guest | undefined,
  location: KernelLocation | undefined,
): string | null {
  const { memory } = guest?.profile.kernel ?? {};
  const told = memory?.architecture.name ?? location?.form.architecture.name ?? dump.machine ?? null;
  return readOr(guest, (found) => readUtsname(found.profile.kernel).machine, told);
}

function countCpus(dump: Dump, guest: Guest | undefined): number {
  return readOr(guest, (found) => found.linux.onlineCpus().length, dump.cpus.length);
}

/** The result of a read of the guest, or the value known otherwise if the profile or the dump lacks it. */
function readOr<Value>(guest: Guest | undefined, read: (guest: Guest) => Value, otherwise: Value): Value {
  if (guest === undefined) return otherwise;
  return attempt(
    () => read(guest),
    () => otherwise,
  );
}

function guestFindings({ profile, linux }: Guest): Finding[] {
  const { root, findings, group } = profile;
  return [
    rootFinding(root),
    ...rivalFindings(root),
    { what: 'profile', value: group ?? profile.from, evidence: 'nothing in memory contradicts it' },
    ...findings,
    ...findHiddenFindings(linux),
    ...findBorrowedSpaceFindings(profile.kernel),
  ];
}
