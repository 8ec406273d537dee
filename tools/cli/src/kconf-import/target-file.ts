import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { readWholeFile } from './input-file';
import { dropClaim, type TargetClaim, takeClaim } from './target-claim';

/** The kernel follows 40 links, so do we. */
const LINK_LIMIT = 40;
const NEW_FILE_MODE = 0o666;

/** A file as it was when it was read, to be replaced as a whole. */
export interface TargetFile {
  /** As the user wrote it. */
  readonly name: string;
  /** Where the bytes are, behind any links. */
  readonly path: string;
  /** Its old contents; empty for a file that is not there yet. */
  readonly bytes: Uint8Array;
  readonly stats: BigIntStats | undefined;
}

/**
 * Reads the file that is to be changed; one that is not there reads as empty.
 *
 * @throws OsiError `FILE_UNREADABLE`; `FILE_UNWRITABLE` for what is no plain file, and for a link to nothing.
 */
export function readTarget(name: string): TargetFile {
  const path = followLinks(name);
  const stats = tryFile(name, path, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (stats === undefined && path !== resolve(name)) {
    throw unwritable(name, path, `${name} is a link to ${path}, which does not exist`, {
      hint: 'create that file first, or remove the link',
    });
  }
  if (stats !== undefined && !stats.isFile()) {
    const what = stats.isDirectory() ? 'a folder' : 'not a regular file';
    throw unwritable(name, path, `${name} is ${what}`, { hint: 'name a file, or use --output - to print' });
  }
  return { name, path, stats, bytes: stats === undefined ? new Uint8Array() : readWholeFile(path) };
}

/**
 * Changes a file in one step: its readers see the old bytes or the new ones, and no two runs change it at
 * once. Its mode stays, its owner too where root does it, and links stay links. Returns whether the change is
 * known to be on the disk.
 *
 * `edit` is given the file as it then is; if it throws, the file stays as it is.
 *
 * @throws OsiError `FILE_UNREADABLE`, `FILE_UNWRITABLE`, `FILE_LOCKED`; `FILE_CHANGED` when a program that knows nothing
 * of these claims has changed the file meanwhile.
 */
export async function changeTarget(name: string, edit: (target: TargetFile) => Uint8Array): Promise<boolean> {
  const path = followLinks(name);
  tryFile(name, path, () => {
    // Renaming would get past a mode that forbids writing.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) accessSync(path, constants.W_OK);
  });
  const claim = await takeClaim(path).catch((error: unknown) => {
    throw asUnwritable(name, path, error);
  });
  let isOpen = true;
  try {
    const target = readTarget(name);
    if (target.path !== path) throw changed(name, path);
    fillClaim(claim, target, edit(target));
    checkUnchanged(target);
    renameSync(claim.path, path);
    isOpen = false;
    closeSync(claim.file);
  } catch (error) {
    if (isOpen) dropClaim(claim);
    throw asUnwritable(name, path, error);
  }
  return syncFolder(dirname(path));
}

function followLinks(name: string): string {
  let path = resolve(name);
  for (let links = 0; links < LINK_LIMIT; links += 1) {
    const at = path;
    const stats = tryFile(name, at, () => lstatSync(at, { throwIfNoEntry: false }));
    if (stats?.isSymbolicLink() !== true) return path;
    path = resolve(
      dirname(at),
      tryFile(name, at, () => readlinkSync(at)),
    );
  }
  throw new OsiError('FILE_UNREADABLE', `${name} is a chain of more than ${LINK_LIMIT} links`, {
    fields: { path },
  });
}

function fillClaim({ file }: TargetClaim, { stats }: TargetFile, bytes: Uint8Array): void {
  // Only root can give a file away; for others the new file is their own, as with any editor.
  if (stats !== undefined && process.getuid?.() === 0) fchownSync(file, Number(stats.uid), Number(stats.gid));
  // The mode comes before the bytes: a file that only the owner may read is never open to others.
  fchmodSync(file, stats === undefined ? NEW_FILE_MODE & ~process.umask() : Number(stats.mode & 0o7777n));
  writeFileSync(file, bytes);
  fsyncSync(file);
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
  if (!same) throw changed(target.name, target.path);
}

/** Whether the folder's new entry is on the disk; some file systems cannot say. */
function syncFolder(folder: string): boolean {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

function changed(name: string, path: string): OsiError {
  return new OsiError('FILE_CHANGED', `another program changed ${name} during the run; nothing was written`, {
    hint: 'run the command again',
    fields: { path },
  });
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES:
    'you have no permission to write there; choose another --output, or change the permissions of the file and its folder',
  EPERM:
    'you have no permission to write there; choose another --output, or change the permissions of the file and its folder',
  EROFS: 'the file system is read-only; choose another --output',
  ENOSPC: 'the file system is full and the file is unchanged: free some space and run the command again',
  EDQUOT: 'your disk quota is used up and the file is unchanged: free some space and run the command again',
  ENOENT: 'create the folder first',
  ENOTDIR: 'a part of the path is a file, not a folder',
};

function tryFile<Value>(name: string, path: string, call: () => Value): Value {
  try {
    return call();
  } catch (error) {
    throw asUnwritable(name, path, error);
  }
}

function asUnwritable(name: string, path: string, error: unknown): unknown {
  // An error that is not from the file system is a fault of this program, and passes through.
  if (OsiError.is(error) || !(error instanceof Error) || !('syscall' in error)) return error;
  const hint = HINTS[(error as NodeJS.ErrnoException).code ?? ''];
  return unwritable(name, path, `cannot write ${name}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function unwritable(
  name: string,
  path: string,
  message: string,
  more: { readonly hint?: string; readonly cause?: unknown },
): OsiError {
  return new OsiError('FILE_UNWRITABLE', message, { ...more, fields: { name, path } });
}
