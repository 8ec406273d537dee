import { describe, expect, it } from 'vitest';
import { zstdUnpacker } from './zstd-unpacker';

function frame(window: number, ...blocks: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, window, ...blocks.flat()]);
}

function unpack(packed: Uint8Array): { damage: string | undefined; bytes: number[] } {
  const bytes: number[] = [];
  const damage = zstdUnpacker().push(packed, true, (part) => bytes.push(...part));
  return { damage, bytes };
}

describe('zstdUnpacker', () => {
  it('unpacks raw blocks and runs, whatever the pieces', () => {
    const packed = frame(0x68, [0x18, 0, 0, 1, 2, 3], [0x23, 0, 0, 9]);
    const expected = [1, 2, 3, 9, 9, 9, 9];
    expect(unpack(packed)).toEqual({ damage: undefined, bytes: expected });
    const unpacker = zstdUnpacker();
    const bytes: number[] = [];
    for (const [at, byte] of packed.entries()) {
      const last = at === packed.length - 1;
      expect(unpacker.push(Uint8Array.of(byte), last, (part) => bytes.push(...part))).toBeUndefined();
    }
    expect(bytes).toEqual(expected);
  });

  it.each([
    [
      'a window of gigabytes',
      frame(0xff, [1, 0, 0]),
      /^it was compressed with a window of 4123168604160 bytes/,
    ],
    ['a block of 2 MiB', frame(0x68, [0xfb, 0xff, 0xff, 9]), 'a block is larger than allowed'],
    ['a block above its window', frame(0, [0x0b, 0x40, 0, 9]), 'a block is larger than allowed'],
    ['a block of no kind', frame(0x68, [7, 0, 0]), 'a block is larger than allowed'],
    [
      // 65,280 sequences, each of which copies the longest match; the bits of a few are there.
      'sequences that come to gigabytes',
      frame(0x68, [0x8d, 0, 0, 0x09, 65, 0xff, 0x00, 0x80, 0x54, 0, 0, 52, 1, 1, 1, 1, 1, 1, 1, 1]),
      'a block decompresses to more than allowed',
    ],
    ['a dictionary', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 0x68, 0, 0), 'it needs a dictionary'],
    ['a reserved bit', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 8, 0x68, 0, 0), 'a reserved bit is set'],
    ['garbage behind a frame', frame(0x68, [1, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8]), /^no frame begins/],
    ['an end inside of a block', frame(0x68, [0x19, 0, 0, 1, 2]), 'unexpected end of file'],
  ])('refuses %s at once', (_, packed, expected) => {
    const start = performance.now();
    expect(unpack(packed).damage).toMatch(expected);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
