import { attempt, OsiError } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import {
  type BlobLike,
  type BlobReader,
  BlobSource,
  type ByteSource,
  BytesSource,
  type Dump,
  openDump,
} from '@osi-linux/memory';
import { Osi } from '@osi-linux/osi';
import { type LinuxMapping, type LinuxProcess, OsiLinux } from '@osi-linux/osi-linux';
import type { AddressSpace } from '@osi-linux/x86-mmu';
import { KernelSearch } from './kernel/search';
import { findPlacedSearch } from './layout/placed-dump';
import { chooseProfile, type ProfileChoice } from './profile/choice';
import { withFindingsOf } from './profile/dump-damage';
import type { ProfileNames } from './profile/names';
import type { ProfileSource } from './profile/source';

/**
 * Closes the dump at the end of the block of `using guest = ...`, by the method `[Symbol.dispose]`.
 *
 * The method has a type only where the compiler knows `Symbol.dispose`, so that programs for older libraries compile.
 */
export type GuestDisposal = SymbolConstructor extends { readonly dispose: infer Key extends symbol }
  ? Readonly<Record<Key, () => void>>
  : object;

/** A Linux guest that is open for questions. */
export interface Guest extends GuestDisposal {
  /** The OSI API over it, with `osi_linux` registered. */
  readonly osi: Osi<LinuxProcess, LinuxMapping>;
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
 * Opens the guest in a dump with a profile of its kernel; without a key file the profile is derived from the guest's own
 * types and symbols.
 *
 * The dump stays the caller's, who closes it when the guest is no longer used, or lets `using` close it.
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
export function openGuest(dump: Dump, source: ProfileSource = {}): Guest {
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
  const inData = OsiError.is(guest) || init === undefined ? undefined : guest.memory.translate(init);
  const placed = findPlacedSearch(search, inData);
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
  const osi = new Osi<LinuxProcess, LinuxMapping>();
  osi.register(linux);
  const close = () => dump.close();
  return { osi, linux, memory: profile.tables, dump, profile, [Symbol.dispose]: close };
}

/** The profile of a guest whose dump is bytes in memory. */
export interface GuestBytesOptions extends ProfileNames {
  /**
   * The content of a `kernelinfo.conf`; without one the profile is the section in the dump, or derived from the guest's
   * own types and symbols.
   */
  readonly kconf?: Uint8Array | string | undefined;
}

/** The profile of a guest whose dump is a file of a browser, and what reads the file. */
export interface GuestBlobOptions extends GuestBytesOptions {
  /** Reads parts of the file; `FileReaderSync` of the worker unless given. */
  readonly reader?: BlobReader | undefined;
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
export function openGuestBytes(bytes: Uint8Array, options: GuestBytesOptions = {}): Guest {
  return openGuestSource(new BytesSource(bytes, 'dump'), options);
}

/**
 * Opens the guest in a dump that the user of a web page chose, a `File`, which is read in parts and never as a whole.
 *
 * Browsers allow this in workers only: pass the `File` to one by `postMessage`, and open it there.
 *
 * @throws OsiError `SOURCE_NEEDS_WORKER` outside of a worker, `SOURCE_READ_FAILED` if the file was changed since it was
 * chosen, and what is wrong with the dump's format or the profile.
 *
 * @example
 * ```ts
 * declare const file: BlobLike; // a File
 * declare const reader: BlobReader;
 * openGuestBlob(file) // throws SOURCE_NEEDS_WORKER
 * declare const kconf: Uint8Array;
 * const guest = openGuestBlob(file, { kconf, reader });
 * guest.osi.getCurrentProcess(1).name // => 'spin-leader'
 * ```
 */
export function openGuestBlob(file: BlobLike, { reader, ...options }: GuestBlobOptions = {}): Guest {
  return openGuestSource(new BlobSource(file, reader), options);
}

function openGuestSource(source: ByteSource, { kconf, ...names }: GuestBytesOptions): Guest {
  try {
    const keyFile = kconf === undefined ? undefined : safeParseKeyFile(kconf).file;
    return openGuest(openDump(source), { ...names, keyFile });
  } catch (error) {
    source.close();
    throw error;
  }
}
