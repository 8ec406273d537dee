import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';

/** The error for a size of the RAM below 4 GiB that is given with a file which has addresses of its own. */
export function splitUnused(source: ByteSource, format: string): OsiError {
  const what = `a size of the RAM below 4 GiB was given, but ${source.name} is ${format} with addresses of its own`;
  return new OsiError('DUMP_SPLIT_UNUSED', what, {
    hint: 'leave out belowFourGiB (--below-4g)',
    fields: { source: source.name, format },
  });
}
