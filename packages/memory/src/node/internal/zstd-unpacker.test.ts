import { processorTime } from '@osi-linux/test-fixtures/expect';
import { describe, expect, it } from 'vitest';
import { MOST_KEPT, WindowOutput } from '../../codecs/zstd/window-output';
import { ZstdReader } from '../../codecs/zstd/zstd-reader';
import { SparseFile } from './sparse-file';
import { zstdUnpacker } from './zstd-unpacker';

function frame(window: number, ...blocks: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, window, ...blocks.flat()]);
}

function unpack(packed: Uint8Array): { damage: string | undefined; bytes: number[] } {
  const bytes: number[] = [];
  const damage = zstdUnpacker().push(packed, true, (part) => bytes.push(...part));
  return { damage, bytes };
}

/** The last block of a frame: no literals, and one sequence, which copies 34 bytes from `offset` back. */
function copyOf34(offset: number, unused = 1): number[] {
  const code = Math.floor(Math.log2(offset + 3));
  // The bits of the offset, and the one that marks their end; more of them is damage.
  const bits = (offset + 3) * unused;
  const stream = [bits & 255, (bits >> 8) & 255, (bits >> 16) & 255, bits >>> 24].slice(
    0,
    1 + (Math.floor(Math.log2(bits)) >> 3),
  );
  const content = [0, 1, 0x54, 0, code, 31, ...stream];
  return [content.length * 8 + 5, 0, 0, ...content];
}

const MiB = 1024 * 1024;

/** A frame of so many runs of 128 KiB, one of each byte in turn but for two of zeros, then a copy from so far back. */
function runs(window: number, count: number, offset: number): Uint8Array {
  const blocks = Array.from({ length: count }, (_, index) => [2, 0, 0x10, byteOfRun(index)]);
  return frame(window, ...blocks, copyOf34(offset));
}

function byteOfRun(index: number): number {
  return index < 2 ? 0 : 1 + (index % 255);
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
    ['a block of 2 MiB', frame(0x68, [0xfb, 0xff, 0xff, 9]), 'a block is larger than allowed'],
    ['a block above its window', frame(0, [0x0b, 0x40, 0, 9]), 'a block is larger than allowed'],
    ['a block of no kind', frame(0x68, [7, 0, 0]), 'a block is larger than allowed'],
    [
      // 65,280 sequences, each of which copies the longest match; the bits of a few are there.
      'sequences that come to gigabytes',
      frame(0x68, [0x8d, 0, 0, 0x09, 65, 0xff, 0x00, 0x80, 0x54, 0, 0, 52, 1, 1, 1, 1, 1, 1, 1, 1]),
      'a block decompresses to more than allowed',
    ],
    [
      'a copy of what comes before the frame',
      frame(0x68, [0x0a, 0, 0, 7], copyOf34(2)),
      /^a block copies bytes/,
    ],
    [
      'another size than it says',
      frame(0x68, [1, 0, 0]).fill(0x20, 4, 5),
      /^it decompresses to 0 bytes, but its header has 104$/,
    ],
    [
      'a table of the block before, where there is none',
      frame(0x68, [0x3d, 0, 0, 0, 1, 0xfc, 0, 0, 0, 1]),
      /damaged$/,
    ],
    ['a stream that is not used up', frame(0x68, [0x0a, 0, 0, 7], copyOf34(1, 2)), /sequences .* damaged$/],
    ['a dictionary', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 0x68, 0, 0), 'it needs a dictionary'],
    ['a reserved bit', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 8, 0x68, 0, 0), 'a reserved bit is set'],
    ['garbage behind a frame', frame(0x68, [1, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8]), /^no frame begins/],
    ['an end inside of a block', frame(0x68, [0x19, 0, 0, 1, 2]), 'unexpected end of file'],
  ])('refuses %s at once', (_, packed, expected) => {
    const spent = processorTime(() => expect(unpack(packed).damage).toMatch(expected));
    expect(spent).toBeLessThan(2000);
  });

  // 48 MiB; 32 MiB of them are kept.
  it.each([
    ['within what is kept', 20 * MiB, 0xa8],
    ['further than what is kept', 40 * MiB + 17, 0xa8],
    ['over the end of a run', 40 * MiB + 5, 0xa8],
    ['zeros, which the file does not hold', 48 * MiB, 0xa8],
    ['with the largest window that can be written', 47 * MiB, 0xff],
  ])('copies what is far back: %s', (_, offset, window) => {
    const file = new SparseFile('x');
    const unpacker = zstdUnpacker((position, into) => file.read(position, into));
    const packed = runs(window, 384, offset);
    expect(unpacker.push(packed, true, (bytes) => file.append(bytes))).toBeUndefined();
    const source = file.finish();
    expect(source.size).toBe(48 * MiB + 34);
    const found = new Uint8Array(34);
    source.read(48 * MiB, found);
    source.close();
    const expected = Array.from(found, (_, at) => byteOfRun((48 * MiB - offset + at) >> 17));
    expect([...found]).toEqual(expected);
  });

  it('refuses what is further back than the window, and what cannot be read back', () => {
    const readBack = (): void => undefined;
    const take = (): void => undefined;
    // 0x80: 64 MiB; 0x78: 32 MiB.
    expect(zstdUnpacker(readBack).push(runs(0x80, 384, 40 * MiB), true, take)).toBeUndefined();
    expect(zstdUnpacker(readBack).push(runs(0x78, 384, 45 * MiB), true, take)).toMatch(/^a block copies/);
    expect(zstdUnpacker().push(runs(0x80, 384, 45 * MiB), true, take)).toMatch(/^a block copies/);
  });

  it('takes no memory for a window that is not filled, and little for one that is', () => {
    const output = new WindowOutput(() => undefined);
    const reader = new ZstdReader(output);
    // A window of 4,123,168,604,160 bytes.
    reader.push(frame(0xff, [0x0a, 0, 0, 7]));
    expect(output.bytes.length).toBeLessThanOrEqual(MiB);
    reader.push(new Uint8Array(4 * 1024).map((_, at) => [2, 0, 0x10, 7][at % 4] ?? 0));
    expect(output.frameSize).toBe(1 + 128 * MiB);
    expect(output.bytes.length).toBeLessThanOrEqual(MOST_KEPT * 1.25);
  });
});
