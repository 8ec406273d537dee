import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { type KeyFile, safeParseKeyFile } from '@osi-linux/kconf';

const NAME = 'kernelinfo.conf';
const MIB = 1024 * 1024;
const LARGEST = 64 * MIB;

/** A `kernelinfo.conf` that was found. */
export interface FoundKeyFile {
  /** Its path, as it was looked for. */
  readonly path: string;
  /** The part of it that was read. */
  readonly keyFile: KeyFile;
}

/**
 * The places that are searched for `kernelinfo.conf` if no file is named, first place first: the working
 * directory, then `osi-linux/` in `$XDG_CONFIG_HOME`, or in `~/.config`.
 *
 * @example
 * ```ts
 * keyFilePlaces({ XDG_CONFIG_HOME: '/home/me/conf' })
 * // => ['kernelinfo.conf', '/home/me/conf/osi-linux/kernelinfo.conf']
 * ```
 */
export function keyFilePlaces(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  const base = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config');
  return [NAME, join(base, 'osi-linux', NAME)];
}

/**
 * Reads the first of several key files that is there; `undefined` if none is.
 *
 * One that is there and cannot be read is an error: another one would answer for it unnoticed.
 *
 * @throws OsiError `PROFILE_FILE_UNREADABLE`.
 *
 * @example
 * ```ts
 * declare const kconfFile: string;
 * findKeyFile(['no-such-file.conf', kconfFile])?.path === kconfFile // => true
 * findKeyFile(['no-such-file.conf']) // => undefined
 * ```
 */
export function findKeyFile(places: readonly string[]): FoundKeyFile | undefined {
  for (const path of places) {
    const keyFile = readKeyFile(path);
    if (keyFile !== undefined) return { path, keyFile };
  }
  return undefined;
}

/**
 * Reads a `kernelinfo.conf` as far as it can be read; `undefined` if there is no such file.
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
    const stats = statSync(path);
    // A device has no end, and a key file a few MiB.
    if (stats.isCharacterDevice() || stats.isBlockDevice()) throw new Error('it is a device');
    if (stats.size > LARGEST) throw new Error(`it has more than ${LARGEST / MIB} MiB`);
    return safeParseKeyFile(readFileSync(path)).file;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new OsiError('PROFILE_FILE_UNREADABLE', `cannot read ${path}: ${(error as Error).message}`, {
      hint: 'give a readable kernelinfo.conf with --kconf-file FILE',
      cause: error,
      fields: { path },
    });
  }
}
