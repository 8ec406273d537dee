import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The folder of the downloads, suite roots and guests, outside of the checkout; made when absent.
 *
 * `OSI_LINUX_CACHE`, else `osi-linux` in `XDG_CACHE_HOME`, else in `~/.cache`.
 *
 * @example
 * ```ts
 * cacheFolder({ OSI_LINUX_CACHE: '/tmp' }) // => '/tmp'
 * ```
 */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const folder =
    environment['OSI_LINUX_CACHE'] ||
    join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'osi-linux');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * A folder that is either complete or absent: `fill` gets a temporary folder beside it, which is then renamed.
 *
 * An existing folder is returned as it is. When two processes fill it at once, the first one wins.
 */
export async function publishFolder(
  folder: string,
  fill: (temporary: string) => Promise<void>,
): Promise<string> {
  if (existsSync(folder)) return folder;
  const temporary = `${folder}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(temporary);
  try {
    await fill(temporary);
    if (!existsSync(folder)) renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}
