import { readFileSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import { type ByteSource, BytesSource } from '@osi-linux/memory';
import { openFileSource, peekSource, type UnpackProgress, unpackSource } from '@osi-linux/memory/node';
import { findKernelFileKind, KERNEL_FILE_HEAD } from '../kernel-file/kernel-file-kind';

/** How a kernel file is opened. */
export interface KernelFileOptions {
  /** Called as gzip or zstd is unpacked. */
  readonly onUnpack?: ((progress: UnpackProgress) => void) | undefined;
}

/**
 * Opens a kernel file, by its content: one of those that `deriveFileSection` takes; `undefined` for any
 * other, such as a dump. A file packed by gzip or zstd is unpacked into a temporary file. The caller closes
 * it.
 *
 * `/proc/kallsyms`, which has no size, is read at once.
 *
 * @throws OsiError what is wrong with the file: `SOURCE_MISSING`, `SOURCE_UNREADABLE`, `SOURCE_NOT_A_FILE`,
 * `SOURCE_EMPTY`, `SOURCE_UNPACK_FAILED`.
 *
 * @example
 * ```ts
 * declare const dumpFile: string;
 * openKernelFile(dumpFile) // => undefined
 * openKernelFile('no-such-file') // throws SOURCE_MISSING
 * ```
 */
export function openKernelFile(path: string, { onUnpack }: KernelFileOptions = {}): ByteSource | undefined {
  const source = openBytes(path);
  try {
    if (findKernelFileKind(peekSource(source, KERNEL_FILE_HEAD)) === undefined) {
      source.close();
      return undefined;
    }
    return unpackSource(source, { onProgress: onUnpack }).source;
  } catch (error) {
    source.close();
    throw error;
  }
}

function openBytes(path: string): ByteSource {
  try {
    return openFileSource(path);
  } catch (error) {
    if (!OsiError.is(error) || error.code !== 'SOURCE_EMPTY' || path !== PROC_KALLSYMS) throw error;
    return new BytesSource(readFileSync(path), path);
  }
}

/** It has no size, and ends of itself; others below /proc may wait for ever. */
const PROC_KALLSYMS = '/proc/kallsyms';
