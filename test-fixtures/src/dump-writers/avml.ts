import type { CoreSegment } from './core-segments';
import { concatBytes, rangeHeader } from './range-header';
import { type SnappyFrameOptions, snappyFrames } from './snappy-frames';

/**
 * Writes an AVML dump, version 2 (microsoft/avml, src/image.rs): header, framed snappy stream and the stream's length
 * for each segment. Cutting memory into blocks, and leaving out those that are zero, is left to the caller.
 */
export function writeAvml(segments: readonly CoreSegment[], options: SnappyFrameOptions = {}): Uint8Array {
  return concatBytes(
    segments.flatMap(({ physical, bytes }) => {
      const frames = snappyFrames(bytes, options);
      const length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(frames.length), true);
      return [rangeHeader('AVML', 2, physical, physical + bytes.length - 1), frames, length];
    }),
  );
}
