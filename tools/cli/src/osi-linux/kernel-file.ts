import { OsiError } from '@osi-linux/core';
import { type DerivedSection, deriveFileSection } from '@osi-linux/guest';
import { openKernelFile } from '@osi-linux/guest/node';
import type { Io } from '../terminal/io';
import { createUnpackReport } from '../terminal/unpack-report';

/** A file of a kernel, and what goes with it. */
export interface KernelFiles {
  readonly source: string;
  /** Path of a file with its symbols. */
  readonly symbols: string | undefined;
  readonly banner: string | undefined;
}

/**
 * The section from the files of a kernel; `undefined` if the first of them is not a kernel file.
 *
 * @throws OsiError
 */
export function deriveKernelFile(
  { source, symbols, banner }: KernelFiles,
  io: Io,
): DerivedSection | undefined {
  const onUnpack = createUnpackReport(io);
  const file = openKernelFile(source, { onUnpack });
  if (file === undefined) return undefined;
  try {
    const beside = symbols === undefined ? undefined : openSymbols(symbols, onUnpack);
    try {
      return deriveFileSection(file, { symbols: beside, banner });
    } finally {
      beside?.close();
    }
  } finally {
    file.close();
  }
}

function openSymbols(path: string, onUnpack: ReturnType<typeof createUnpackReport>) {
  const file = openKernelFile(path, { onUnpack });
  if (file !== undefined) return file;
  throw new OsiError('KERNEL_FILE_UNSUPPORTED', `${path} has no kernel symbols`, {
    hint: 'give a System.map, /proc/kallsyms as root reads it, or a vmlinux',
    fields: { file: path },
  });
}
