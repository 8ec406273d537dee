import { type Dump, openDump } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import { type Guest, openGuest } from '../guest';
import { namedProfile, type ProfileNames } from '../profile-names';
import { findKeyFile, keyFilePlaces } from './key-file-search';

/** Where the profile of a guest is taken from. A key file that is named is taken from there and from nowhere else. */
export interface GuestFileOptions extends ProfileNames {
  /** Where the key file is looked for if none is named, first place first. Default: `keyFilePlaces()`. */
  readonly places?: readonly string[] | undefined;
}

/**
 * Opens the guest in a dump file. `guest.dump.close()` closes the file.
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
  const dump = openDumpFile(path);
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
 * Opens a dump file of any known format, without looking for a kernel in it.
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
export function openDumpFile(path: string): Dump {
  const source = openFileSource(path);
  try {
    return openDump(source);
  } catch (error) {
    source.close();
    throw error;
  }
}
