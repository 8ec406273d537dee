import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';

/** The error of a known format, or a kind of it, that is not read; `what` is put after "is". */
export function unsupportedDump(source: ByteSource, what: string, remedy: string): OsiError {
  return new OsiError(
    'DUMP_FORMAT_UNSUPPORTED',
    `${source.name} is ${what}, a format that is not supported`,
    {
      hint: remedy,
      fields: { source: source.name, format: what },
    },
  );
}
