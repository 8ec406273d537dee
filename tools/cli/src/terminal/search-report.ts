import { escapeControls } from '@osi-linux/core';
import type { DumpFileOptions } from '@osi-linux/guest/node';
import type { Io } from './io';

const GIB = 1024 ** 3;

/** Reports on standard error how much of a large dump was searched. */
export function createSearchReport(io: Io): NonNullable<DumpFileOptions['onSearch']> {
  return ({ name, size, searched }) => {
    const read = `${Math.floor(searched / GIB)} GiB read so far`;
    io.err(`searching ${escapeControls(name)} (${Math.floor(size / GIB)} GiB) for the kernel: ${read}\n`);
  };
}
