import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../byte-source';

/**
 * Opens a regular file for reading with `readSync`; the size is that of this moment.
 *
 * @throws OsiError `SOURCE_MISSING`, `SOURCE_UNREADABLE`, `SOURCE_EMPTY`, and `SOURCE_NOT_A_FILE` for a directory, a
 * device, a FIFO or a socket, none of which is waited for.
 *
 * @example
 * ```ts
 * openFileSource('/no/such/dump') // throws SOURCE_MISSING
 * openFileSource('/') // throws SOURCE_NOT_A_FILE
 * ```
 */
export function openFileSource(path: string): ByteSource {
  checkKind(
    path,
    whereOpened(path, () => statSync(path)),
  );
  // Without O_NONBLOCK a FIFO that takes the file's place just now is waited for. Windows has no such flag.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const fd = whereOpened(path, () => openSync(path, flags));
  try {
    const stats = fstatSync(fd);
    checkKind(path, stats);
    return new FileSource(path, fd, stats.size);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private fd: number | undefined;

  constructor(name: string, fd: number, size: number) {
    this.name = name;
    this.fd = fd;
    this.size = size;
  }

  read(position: number, into: Uint8Array): number {
    if (this.fd === undefined) {
      throw new OsiError('SOURCE_CLOSED', `${this.name} was closed`, { fields: { path: this.name } });
    }
    let done = 0;
    while (done < into.length) {
      const read = this.readSome(this.fd, into, done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  close(): void {
    // The number may soon be another file's.
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private readSome(fd: number, into: Uint8Array, done: number, position: number): number {
    try {
      return readSync(fd, into, done, into.length - done, position);
    } catch (cause) {
      throw new OsiError('SOURCE_READ_FAILED', `${this.name} cannot be read at offset ${position}`, {
        hint: 'the disk or the network file system failed; copy the file elsewhere',
        fields: { path: this.name, position },
        cause,
      });
    }
  }
}

function whereOpened<Value>(path: string, open: () => Value): Value {
  try {
    return open();
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    const message = missing ? `no such file: ${path}` : `${path} cannot be opened (${String(code)})`;
    throw new OsiError(missing ? 'SOURCE_MISSING' : 'SOURCE_UNREADABLE', message, {
      hint: missing ? 'check the path' : 'check that you may read the file',
      fields: { path },
      cause,
    });
  }
}

function checkKind(path: string, stats: Stats): void {
  if (!stats.isFile()) {
    throw new OsiError('SOURCE_NOT_A_FILE', `${path} is ${kindOf(stats)}, not a file`, {
      hint: 'give a dump file; for a device or a pipe, copy its bytes into a file first',
      fields: { path },
    });
  }
  if (stats.size === 0) {
    throw new OsiError('SOURCE_EMPTY', `${path} is empty`, { hint: 'take the dump again', fields: { path } });
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
