import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { readWholeFile } from './input';

/** The kernel follows 40 links, so do we. */
const LINK_LIMIT = 40;
const NEW_FILE_MODE = 0o666;

/** A file as it was when it was read, to be replaced as a whole. */
export interface TargetFile {
  /** As the user wrote it. */
  readonly name: string;
  /** Where the bytes are, behind any links. */
  readonly path: string;
  /** What was in it; empty for a file that is not there yet. */
  readonly bytes: Uint8Array;
  readonly stats: BigIntStats | undefined;
}

/**
 * Reads the file that is to be changed; one that is not there reads as empty.
 *
 * @throws OsiError `FILE_UNREADABLE`; `FILE_UNWRITABLE` for what is no plain file.
 */
export function readTarget(name: string): TargetFile {
  const path = followLinks(name);
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) {
    throw new OsiError('FILE_UNWRITABLE', `${name} is no plain file`, {
      hint: 'use --output - to print the section',
      fields: { path },
    });
  }
  return { name, path, stats, bytes: stats === undefined ? new Uint8Array() : readWholeFile(path) };
}

/**
 * Replaces the file in one step: whoever reads it sees the old bytes or the new ones. Its mode stays, and links stay
 * links.
 *
 * @throws OsiError `FILE_UNWRITABLE`; `FILE_CHANGED` when somebody else has changed it since it was read.
 */
export function writeTarget(target: TargetFile, bytes: Uint8Array): void {
  const folder = dirname(target.path);
  const temporary = join(folder, `.${basename(target.path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    writeTemporary(temporary, target, bytes);
    checkUnchanged(target);
    renameSync(temporary, target.path);
    syncFolder(folder);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (OsiError.is(error)) throw error;
    throw new OsiError('FILE_UNWRITABLE', `cannot write ${target.name}`, {
      cause: error,
      fields: { path: target.path },
    });
  }
}

function followLinks(name: string): string {
  let path = resolve(name);
  for (let links = 0; links < LINK_LIMIT; links += 1) {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
    path = resolve(dirname(path), readlinkSync(path));
  }
  throw new OsiError('FILE_UNREADABLE', `${name} leads through more than ${LINK_LIMIT} links`, {
    fields: { path },
  });
}

function writeTemporary(temporary: string, { stats }: TargetFile, bytes: Uint8Array): void {
  const file = openSync(temporary, 'wx', NEW_FILE_MODE);
  try {
    writeFileSync(file, bytes);
    if (stats !== undefined) {
      // Only root can give a file away; for others the new file is their own, as with any editor.
      if (process.getuid?.() === 0) fchownSync(file, Number(stats.uid), Number(stats.gid));
      fchmodSync(file, Number(stats.mode & 0o7777n));
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function checkUnchanged(target: TargetFile): void {
  const { stats } = target;
  const now = statSync(target.path, { bigint: true, throwIfNoEntry: false });
  const same =
    now === undefined || stats === undefined
      ? now === stats
      : now.ino === stats.ino &&
        now.mtimeNs === stats.mtimeNs &&
        Buffer.compare(readWholeFile(target.path), target.bytes) === 0;
  if (same) return;
  throw new OsiError(
    'FILE_CHANGED',
    `${target.name} was changed by somebody else meanwhile; nothing was written`,
    {
      hint: 'run the command again',
      fields: { path: target.path },
    },
  );
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
