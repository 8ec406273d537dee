import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { BytesSource } from '../sources/byte-source';
import { FrameBitmap } from './frame-bitmap';

/** Bytes with long uniform stretches, over several blocks of the cache. */
const bitmapBytes = fc
  .array(
    fc.record({ byte: fc.constantFrom(0, 0xff, 1, 0x80, 0x5a), count: fc.integer({ min: 1, max: 3000 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((runs) => Uint8Array.from(runs.flatMap(({ byte, count }) => new Array<number>(count).fill(byte))));

it('FrameBitmap counts and finds the same bits as a plain loop', () => {
  fc.assert(
    fc.property(bitmapBytes, fc.nat({ max: 60 }), fc.nat(), fc.nat(), (bytes, short, a, b) => {
      const frames = Math.max(0, bytes.length * 8 - short);
      const padded = new Uint8Array(bytes.length + 7);
      padded.set(bytes, 7);
      const bitmap = new FrameBitmap(new BytesSource(padded), 7, frames);
      const isSet = (frame: number): boolean =>
        frame < frames && (((bytes[frame >> 3] ?? 0) >> (frame & 7)) & 1) === 1;
      let rank = 0;
      for (let frame = 0; frame < frames; frame += 1) {
        if (frame % 997 === 0) expect([bitmap.rank(frame), bitmap.has(frame)]).toEqual([rank, isSet(frame)]);
        if (isSet(frame)) rank += 1;
      }
      expect([bitmap.rank(frames), bitmap.rank(frames + 5000), bitmap.has(frames)]).toEqual([
        rank,
        rank,
        false,
      ]);
      const [start, end] = [Math.min(a % (frames + 1), b % (frames + 1)), Math.max(a, b) % (frames + 9)];
      const expected: { start: number; end: number }[] = [];
      for (let frame = start; frame < end; frame += 1) {
        if (!isSet(frame)) continue;
        const last = expected[expected.length - 1];
        if (last?.end === frame * 4096) last.end += 4096;
        else expected.push({ start: frame * 4096, end: (frame + 1) * 4096 });
      }
      expect(bitmap.ranges({ start, end })).toEqual(expected);
    }),
    { numRuns: 25 },
  );
});

it('FrameBitmap ends where the file ends', () => {
  const bitmap = new FrameBitmap(new BytesSource(new Uint8Array(10).fill(0xff)), 6, 2 ** 34);
  expect([bitmap.frames, bitmap.rank(2 ** 34), bitmap.has(31), bitmap.has(32)]).toEqual([
    32,
    32,
    true,
    false,
  ]);
  expect([bitmap.isSound(31), bitmap.isSound(32)]).toEqual([true, false]);
  expect(new FrameBitmap(new BytesSource(new Uint8Array(10)), 20, 64).frames).toBe(0);
});

it('FrameBitmap puts runs together where there are too many, and loses no page', () => {
  const bytes = new Uint8Array(40_000).fill(0x55);
  const ranges = new FrameBitmap(new BytesSource(bytes), 0, 320_000).ranges({ start: 0, end: 320_000 });
  expect(ranges).toEqual([{ start: 0, end: 319_999 * 4096 }]);
});
