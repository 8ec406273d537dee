import { OsiError, withFindings } from '@osi-linux/core';
import { type ByteSource, type Dump, type Finding, openDump } from '@osi-linux/memory';
import {
  nodeCodecs,
  openFileSource,
  openHttpSource,
  type UnpackProgress,
  unpackSource,
} from '@osi-linux/memory/node';
import { type Guest, openGuest } from '../guest';
import { namedProfile, type ProfileNames } from '../profile/names';
import { findKeyFile, keyFilePlaces } from './key-file-search';
import { type SearchProgress, searchedSource } from './searched-source';
import { watchSource } from './watched-source';

/** How a dump file is read. */
export interface DumpFileOptions {
  /** Bytes of RAM below 4 GiB, for a QEMU stream that does not contain it; see `OpenDumpOptions`. */
  readonly belowFourGiB?: number | undefined;
  /** Paths of the other files of a dump that was split. */
  readonly parts?: readonly string[] | undefined;
  /** Called while a compressed file is unpacked, at the beginning and after every piece. */
  readonly onUnpack?: ((progress: UnpackProgress) => void) | undefined;
  /** Called while a file of 8 GiB or more is searched: at 8 GiB, and whenever that has doubled. */
  readonly onSearch?: ((progress: SearchProgress) => void) | undefined;
}

/** Where the profile of a guest is taken from. A key file that is named is taken from there and from nowhere else. */
export interface GuestFileOptions extends ProfileNames, DumpFileOptions {
  /** Where the key file is looked for if none is named, first place first. Default: `keyFilePlaces()`. */
  readonly places?: readonly string[] | undefined;
}

/**
 * Opens the guest in a dump file, or in one behind an `http:` or `https:` address. `guest.dump.close()` closes it.
 *
 * @throws OsiError what is wrong with the file, its format, the profile, or the plugin arguments.
 *
 * @example
 * ```ts
 * declare const dumpFile: string;
 * declare const kconfFile: string;
 * const guest = openGuestFile(dumpFile, { kconfFile });
 * guest.osi.getProcesses()[0]?.name // => 'swapper/0'
 * guest.dump.close();
 * const plugin = `osi_linux:kconf_file=${kconfFile},kconf_group=debian-12-amd64`;
 * openGuestFile(dumpFile, { plugin }).profile.group // => 'debian-12-amd64'
 * ```
 */
export function openGuestFile(path: string, options: GuestFileOptions = {}): Guest {
  const dump = openDumpFile(path, options);
  try {
    const { kconfFile, kconfGroup } = namedProfile(options);
    const places = kconfFile === undefined ? (options.places ?? keyFilePlaces()) : [kconfFile];
    const found = findKeyFile(places);
    return openGuest(dump, {
      keyFile: found?.keyFile,
      kconfFile: found?.path ?? kconfFile,
      kconfGroup,
      places: kconfFile === undefined ? places : [],
    });
  } catch (error) {
    dump.close();
    throw error;
  }
}

/**
 * Opens a dump of any known format, without looking for a kernel in it: a file, or the file at an `http:` or
 * `https:` address. A file packed by gzip, zlib or zstd is unpacked into a temporary file.
 *
 * @throws OsiError what is wrong with the file or its format.
 *
 * @example
 * ```ts
 * declare const dumpFile: string;
 * const dump = openDumpFile(dumpFile);
 * dump.format // => 'elf'
 * dump.close();
 * ```
 */
export function openDumpFile(path: string, options: DumpFileOptions = {}): Dump {
  const { belowFourGiB, parts = [], onUnpack, onSearch } = options;
  const findings: Finding[] = [];
  const opened: ByteSource[] = [];
  const open = (name: string): ByteSource => {
    const index = opened.push(openSource(name)) - 1;
    const unpacked = unpackSource(opened[index] as ByteSource, { onProgress: onUnpack });
    const source = onSearch === undefined ? unpacked.source : searchedSource(unpacked.source, onSearch);
    opened[index] = source;
    findings.push(...unpacked.findings);
    return watchSource(source, findings);
  };
  try {
    const source = open(path);
    const split = belowFourGiB === undefined ? {} : { belowFourGiB };
    const dump = openDump(source, { codecs: nodeCodecs, parts: parts.map(open), ...split });
    // The list grows when a later read fails.
    findings.push(...dump.findings);
    return { ...dump, findings };
  } catch (error) {
    for (const source of opened) source.close();
    throw OsiError.is(error) ? withFindings(error, findings) : error;
  }
}

/** A file, or what is behind an address; openHttpSource refuses the addresses of other kinds. */
function openSource(name: string): ByteSource {
  return /^(?:https?:|[a-z][a-z0-9+.-]*:\/\/)/i.test(name) ? openHttpSource(name) : openFileSource(name);
}
