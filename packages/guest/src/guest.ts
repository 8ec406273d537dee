import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { Osi } from '@osi-linux/osi';
import { OsiLinux } from '@osi-linux/osi-linux';
import type { AddressSpace } from '@osi-linux/x86-mmu';
import { KernelSearch } from './kernel/search';
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
  return openGuestBy(new KernelSearch(dump), source);
}

/** The same for callers that go on to search the dump. */
export function openGuestBy(search: KernelSearch, source: ProfileSource): Guest {
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
