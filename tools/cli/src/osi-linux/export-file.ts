import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OsiError } from '@osi-linux/core';

/** The memory of a guest has its secrets. */
const MODE = 0o600;

/**
 * A file that is written beside the one whose place it takes: that one is as it was, or whole.
 *
 * A run that is killed leaves `.NAME.PID-RANDOM.tmp`.
 */
export class ExportFile {
  private readonly name: string;
  private readonly path: string;
  private readonly temporary: string;
  private readonly fd: number;

  /** @throws OsiError `FILE_UNWRITABLE`. */
  constructor(name: string) {
    this.name = name;
    this.path = statsOf(name) === undefined ? resolve(name) : realpathSync(name);
    const random = randomBytes(6).toString('hex');
    const temporary = `.${basename(this.path)}.${process.pid}-${random}.tmp`;
    this.temporary = join(dirname(this.path), temporary);
    this.fd = tryFile(name, () => openSync(this.temporary, 'wx', MODE));
  }

  write(position: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += tryFile(this.name, () => writeSync(this.fd, bytes, done, bytes.length - done, position + done));
    }
  }

  /** Puts the file into its place. */
  commit(): void {
    try {
      tryFile(this.name, () => {
        fsyncSync(this.fd);
        renameSync(this.temporary, this.path);
      });
    } catch (error) {
      unlinkSync(this.temporary);
      throw error;
    } finally {
      closeSync(this.fd);
    }
  }

  /** Takes it back. */
  discard(): void {
    closeSync(this.fd);
    unlinkSync(this.temporary);
  }
}

/**
 * Refuses a target that is one of the sources, or no plain file, or has content that nobody has given up.
 *
 * @throws OsiError `FILE_EXISTS`, `FILE_UNWRITABLE`.
 */
export function checkTarget(name: string, sources: readonly string[], force: boolean): void {
  const stats = statsOf(name);
  if (stats === undefined) return;
  const isSource = sources.map(statsOf).some((other) => other?.dev === stats.dev && other.ino === stats.ino);
  if (isSource || !stats.isFile()) {
    throw new OsiError(
      'FILE_UNWRITABLE',
      `${name} is ${isSource ? 'the source itself' : 'not a regular file'}`,
      {
        hint: 'name another file to write',
        fields: { name },
      },
    );
  }
  if (stats.size === 0 || force) return;
  throw new OsiError('FILE_EXISTS', `${name} already exists, with ${stats.size} bytes`, {
    hint: 'name another file, or use --force to replace it',
    fields: { name, size: stats.size },
  });
}

function statsOf(name: string): Stats | undefined {
  return tryFile(name, () => statSync(name, { throwIfNoEntry: false }));
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'you have no permission to write there; name a file elsewhere',
  EPERM: 'you have no permission to write there; name a file elsewhere',
  EROFS: 'the file system is read-only; name a file elsewhere',
  ENOSPC: 'the file system is full; the partial file was removed',
  EDQUOT: 'your disk quota is used up; the partial file was removed',
  EFBIG: 'the file system does not support files of this size; use --format kdump, which is smaller',
  ENOENT: 'create the folder first',
  ENOTDIR: 'a part of the path is a file, not a folder',
};

function tryFile<Value>(name: string, call: () => Value): Value {
  try {
    return call();
  } catch (error) {
    // An error that is not from the file system is a fault of this program.
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    const hint = HINTS[(error as NodeJS.ErrnoException).code ?? ''];
    throw new OsiError('FILE_UNWRITABLE', `cannot write ${name}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
      fields: { name },
    });
  }
}
