import { attempt, OsiError } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { Osi } from '@osi-linux/osi';
import { OsiLinux } from '@osi-linux/osi-linux';
import type { AddressSpace } from '@osi-linux/x86-mmu';
import { KernelSearch } from './kernel/search';
import { findPlacedSearch } from './layout/placed-dump';
import { chooseProfile, type ProfileChoice } from './profile/choice';
import { withFindingsOf } from './profile/dump-damage';
import type { ProfileNames } from './profile/names';
import type { ProfileSource } from './profile/source';

/** A Linux guest that is open for questions. */
export interface Guest {
  /** The OSI API over it, with `osi_linux` registered. */
  readonly osi: Osi;
  /** Linux's own listings. */
  readonly linux: OsiLinux;
  /** The guest's memory as its kernel sees it; `withRoot` gives a process's view. */
  readonly memory: AddressSpace;
  /** The dump that it is read from. */
  readonly dump: Dump;
  /** The profile in use, and the evidence for it. */
  readonly profile: ProfileChoice;
}

/**
 * Opens the guest in a dump with a profile of its kernel.
 *
 * The dump stays the caller's, who closes it when the guest is no longer used.
 *
 * @throws OsiError `PROFILE_FILE_MISSING`, `PROFILE_GROUP_UNKNOWN`, `PROFILE_MISMATCH` or `PROFILE_NONE_FITS`:
 * a profile that contradicts the dump never gives rows. `PLUGIN_ARGUMENT_UNKNOWN` or `PLUGIN_ARGUMENT_INVALID`.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * declare const keyFile: KeyFile;
 * const guest = openGuest(dump, { keyFile });
 * guest.osi.getProcesses()[1]?.pid // => 1
 * openGuest(dump, { keyFile, plugin: 'osi_linux:kconf_group=another' }) // throws PROFILE_GROUP_UNKNOWN
 * ```
 */
export function openGuest(dump: Dump, source: ProfileSource): Guest {
  const { guest } = openWithSearch(dump, source);
  if (OsiError.is(guest)) throw guest;
  return guest;
}

/** A dump that was searched for its kernel. */
export interface SearchedDump {
  /** The search, to go on with; of the dump as its parts were placed. */
  readonly search: KernelSearch;
  /** The guest in the dump, or why it cannot be opened. */
  readonly guest: Guest | OsiError;
}

/**
 * The same for callers that go on to search the dump. A file without addresses is placed anew if its kernel is not
 * found, or knows memory beyond the end of the file.
 */
export function openWithSearch(dump: Dump, source: ProfileSource): SearchedDump {
  const search = new KernelSearch(dump);
  const guest = tryOpen(search, source);
  if (dump.plainCopy === undefined || !isDoubtful(dump, guest)) return { search, guest };
  const init = OsiError.is(guest) ? undefined : guest.profile.kernel.info['task.init_addr'];
  const image = OsiError.is(guest) || init === undefined ? undefined : guest.memory.translate(init);
  const placed = findPlacedSearch(search, image !== undefined || search.kernel !== undefined, image);
  return placed === undefined ? { search, guest } : { search: placed, guest: tryOpen(placed, source) };
}

function tryOpen(search: KernelSearch, source: ProfileSource): Guest | OsiError {
  return attempt(
    () => openGuestBy(search, source),
    (error) => error,
  );
}

/** Whether a file in which an address is its offset may be laid out otherwise. */
function isDoubtful(dump: Dump, guest: Guest | OsiError): boolean {
  if (OsiError.is(guest)) return DOUBTFUL.has(guest.code);
  const { form } = guest.profile.tables;
  // The direct map of 32-bit kernels ends below 4 GiB, whatever memory there is.
  if (form.architecture.wordSize === 4) return form.entrySize === 8;
  const base = guest.profile.kernel.info['kernel.page_offset_addr'];
  const end = Math.max(FOUR_GIB, dump.memory.ranges.at(-1)?.end ?? 0);
  return base === undefined || guest.memory.translate(base + BigInt(end)) === end;
}

const FOUR_GIB = 2 ** 32;
/** The refusals that a wrong layout of memory may lead to. */
const DOUBTFUL: ReadonlySet<string> = new Set([
  'PROFILE_MISMATCH',
  'PROFILE_NONE_FITS',
  'PROFILE_FILE_MISSING',
]);

function openGuestBy(search: KernelSearch, source: ProfileSource): Guest {
  const { dump } = search;
  const profile = withFindingsOf(dump, () => chooseProfile(search, source));
  const linux = new OsiLinux({ kernel: profile.kernel, cpus: dump.cpus });
  const osi = new Osi();
  osi.register(linux);
  return { osi, linux, memory: profile.tables, dump, profile };
}

/** The profile of a guest whose dump is bytes in memory. */
export interface GuestBytesOptions extends ProfileNames {
  /** The content of a `kernelinfo.conf`. */
  readonly kconf: Uint8Array | string;
}

/**
 * Opens the guest in a dump that is already in memory, as a web page has it. The bytes are not copied.
 *
 * @throws OsiError what is wrong with the dump's format or the profile.
 *
 * @example
 * ```ts
 * declare const dumpBytes: Uint8Array;
 * declare const kconf: Uint8Array;
 * const guest = openGuestBytes(dumpBytes, { kconf });
 * guest.osi.getCurrentProcess(1).name // => 'spin-leader'
 * ```
 */
export function openGuestBytes(bytes: Uint8Array, { kconf, ...names }: GuestBytesOptions): Guest {
  const dump = openDump(new BytesSource(bytes, 'dump'));
  return openGuest(dump, { ...names, keyFile: safeParseKeyFile(kconf).file });
}
