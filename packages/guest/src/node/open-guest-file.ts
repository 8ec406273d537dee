import { readFileSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import { type KeyFile, safeParseKeyFile } from '@osi-linux/kconf';
import { type Dump, openDump } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import { type Guest, openGuest } from '../guest';

/** Where the profile of a guest is taken from. */
export interface GuestFileOptions {
  /** Path of the key file. Default: `kernelinfo.conf` in the working directory. */
  readonly kconfFile?: string | undefined;
  /** The group to use. Default: the first that fits the dump. */
  readonly kconfGroup?: string | undefined;
}

/** The key file that is read where none is named. */
export const DEFAULT_KCONF_FILE = 'kernelinfo.conf';

/**
 * Opens the guest in a dump file. `guest.dump.close()` closes the file.
 *
 * @throws OsiError what is wrong with the file, its format, or the profile.
 *
 * @example
 * ```ts
 * declare const dumpFile: string;
 * declare const kconfFile: string;
 * const guest = openGuestFile(dumpFile, { kconfFile });
 * guest.osi.getProcesses()[0]?.name // => 'swapper/0'
 * guest.dump.close();
 * ```
 */
export function openGuestFile(path: string, options: GuestFileOptions = {}): Guest {
  const dump = openDumpFile(path);
  try {
    const kconfFile = options.kconfFile ?? DEFAULT_KCONF_FILE;
    return openGuest(dump, { keyFile: readKeyFile(kconfFile), kconfFile, kconfGroup: options.kconfGroup });
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

/**
 * Reads a `kernelinfo.conf` as far as it can be read; `undefined` where there is no such file.
 *
 * @throws OsiError `PROFILE_FILE_UNREADABLE` where it is there and cannot be read.
 *
 * @example
 * ```ts
 * declare const kconfFile: string;
 * readKeyFile(kconfFile)?.groups.length // => 1
 * readKeyFile('no-such-file.conf') // => undefined
 * ```
 */
export function readKeyFile(path: string): KeyFile | undefined {
  try {
    return safeParseKeyFile(readFileSync(path)).file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OsiError('PROFILE_FILE_UNREADABLE', `cannot read ${path}: ${(error as Error).message}`, {
      hint: 'name a readable kernelinfo.conf with --kconf-file FILE',
      cause: error,
      fields: { path },
    });
  }
}
