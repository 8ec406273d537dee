import { escapeControls } from '@osi-linux/core';
import type { DumpFileOptions } from '@osi-linux/guest/node';
import type { Io } from './io';

const EVERY = 200;
const COMMANDS = { gzip: 'gunzip', zlib: 'pigz -dz', zstd: 'unzstd' };

/** Tells on standard error that a source is unpacked and, on a terminal, how far it has come. */
export function createUnpackReport(io: Io): NonNullable<DumpFileOptions['onUnpack']> {
  let last = 0;
  return ({ name, compression, folder, packed, packedSize }) => {
    if (packed === 0) {
      const file = escapeControls(name);
      const command = COMMANDS[compression];
      io.err(
        `unpacking ${file} (${compression}) to a temporary file in ${folder}; to avoid this each time, run ${command} once\n`,
      );
    }
    const done = packed === packedSize;
    const now = performance.now();
    if (!io.colour || (!done && now - last < EVERY)) return;
    last = now;
    io.err(done ? '\r\x1b[K' : `\r${Math.floor((packed / packedSize) * 100)} %`);
  };
}
