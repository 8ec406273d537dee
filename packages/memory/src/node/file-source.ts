import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../sources/byte-source';
import { DescriptorSource } from './internal/descriptor-source';

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

class FileSource extends DescriptorSource {
  beside(name: string): ByteSource | undefined {
    // A name out of a dump must not lead to another folder.
    if (name === '' || name === '.' || name === '..' || basename(name) !== name) return undefined;
    try {
      return openFileSource(join(dirname(this.name), name));
    } catch (error) {
      if (OsiError.is(error) && error.code === 'SOURCE_MISSING') return undefined;
      throw error;
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
      hint: missing ? 'check the path' : 'check the permissions of the file',
      fields: { path },
      cause,
    });
  }
}

function checkKind(path: string, stats: Stats): void {
  if (!stats.isFile()) {
    throw new OsiError('SOURCE_NOT_A_FILE', `${path} is ${kindOf(stats)}, not a file`, {
      hint: 'give a dump file; copy the bytes of a device or a pipe into a file first',
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
