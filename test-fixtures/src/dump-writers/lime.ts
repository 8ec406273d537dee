import type { CoreSegment } from './core-segments';
import { concatBytes, rangeHeader } from './range-header';

/**
 * Writes a LiME dump (504ensicsLabs/LiME, doc/README.md: header version 1): each range behind its header, in the
 * order given. Empty ranges cannot be written.
 */
export function writeLime(segments: readonly CoreSegment[]): Uint8Array {
  return concatBytes(
    segments.flatMap(({ physical, bytes }) => {
      if (bytes.length === 0) throw new RangeError('LiME has no empty ranges: their end is inclusive');
      return [rangeHeader('EMiL', 1, physical, physical + bytes.length - 1), bytes];
    }),
  );
}
