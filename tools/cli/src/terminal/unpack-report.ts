import { escapeControls } from '@osi-linux/core';
import type { DumpFileOptions } from '@osi-linux/guest/node';
import type { Io } from './io';

const EVERY = 200;
const COMMANDS = { gzip: 'gunzip', zlib: 'pigz -dz', zstd: 'unzstd' };

/** Tells on standard error that a source is unpacked and, on a terminal, how far it has come. */
export function createUnpackReport(io: Io): NonNullable<DumpFileOptions['onUnpack']> {
  let last = 0;
  return ({ name, compression, folder, packed, packedSize, unpackedSize, free }) => {
    if (packed === 0) {
      const file = escapeControls(name);
      const command = COMMANDS[compression];
      const size = unpackedSize === undefined ? '' : `, ${roundSize(unpackedSize)} unpacked`;
      const place = `${folder} (${roundSize(free)} free)`;
      io.err(
        `unpacking ${file} (${compression}, ${roundSize(packedSize)}${size}) to a temporary file in ${place}; to avoid this each time, run ${command} once\n`,
      );
    }
    const done = packed === packedSize;
    const now = performance.now();
    if (!io.colour || (!done && now - last < EVERY)) return;
    last = now;
    io.err(done ? '\r\x1b[K' : `\r${Math.floor((packed / packedSize) * 100)} %`);
  };
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A size in a unit that leaves it three digits or four. */
function roundSize(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes) / 10) / 10)));
  return `${Math.round(bytes / 1024 ** unit)} ${UNITS[unit]}`;
}
