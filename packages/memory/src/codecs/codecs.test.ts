import * as zlib from 'node:zlib';
import { lzoBlock, snappyBlock, zstdFrame } from '@osi-linux/test-fixtures/dump-writers';
import { processorTime } from '@osi-linux/test-fixtures/expect';
import * as fc from 'fast-check';
import { compress } from 'snappyjs';
import { describe, expect, it } from 'vitest';
import { nodeCodecs } from '../node/node-codecs';
import { type Codecs, type Decompressor, portableCodecs } from './codecs';

const GUARD = 64;

/** The output of a decompressor for a block, in the middle of a buffer whose edges it must leave alone. */
function undo(decompress: Decompressor, block: Uint8Array, size: number): Uint8Array | undefined {
  const room = new Uint8Array(size + 2 * GUARD).fill(0xa5);
  const whole = decompress(block, room.subarray(GUARD, GUARD + size));
  expect(room.subarray(0, GUARD).every((byte) => byte === 0xa5)).toBe(true);
  expect(room.subarray(GUARD + size).every((byte) => byte === 0xa5)).toBe(true);
  return whole ? room.slice(GUARD, GUARD + size) : undefined;
}

/** Bytes as a page has them: runs, copies from before, near and far, and bytes of chance. */
const pageLike = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => ({ bytes, back: 0, length: 0 })),
      fc
        .record({ back: fc.nat({ max: 60_000 }), length: fc.integer({ min: 1, max: 700 }) })
        .map((copy) => ({ ...copy, bytes: new Uint8Array(0) })),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((pieces) => {
    const out: number[] = [];
    for (const { bytes, back, length } of pieces) {
      out.push(...bytes);
      const from = out.length === 0 ? 0 : out.length - 1 - (back % out.length);
      for (let index = 0; index < length; index += 1) out.push(out[from + index] ?? index & 3);
    }
    return Uint8Array.from(out);
  });

const compressors: Readonly<Record<keyof Codecs, readonly ((bytes: Uint8Array) => Uint8Array)[]>> = {
  zlib: [(bytes) => zlib.deflateSync(bytes), (bytes) => zlib.deflateSync(bytes, { level: 0 })],
  lzo: [lzoBlock],
  snappy: [(bytes) => compress(bytes), snappyBlock],
  // Node 22.15 and newer.
  zstd: 'zstdCompressSync' in zlib ? [zstdOfNode(3), zstdOfNode(19)] : [],
};

const packable = (['zlib', 'lzo', 'snappy', 'zstd'] as const).filter((name) => compressors[name].length > 0);

/** The reference encoder, without the checksum. */
function zstdOfNode(level: number): (bytes: Uint8Array) => Uint8Array {
  const { zstdCompressSync } = zlib as unknown as {
    zstdCompressSync(bytes: Uint8Array, options: object): Buffer;
  };
  // ZSTD_c_compressionLevel.
  return (bytes) => zstdCompressSync(bytes, { params: { 100: level } });
}

describe.each([
  ['portableCodecs', portableCodecs],
  ['nodeCodecs', nodeCodecs],
])('%s', (_, codecs) => {
  it.each(packable)('undoes %s, of exactly the right size', (name) => {
    fc.assert(
      fc.property(pageLike, (bytes) => {
        for (const shrink of compressors[name]) {
          const block = shrink(bytes);
          expect(undo(codecs[name], block, bytes.length)).toEqual(bytes);
          expect(undo(codecs[name], block, bytes.length + 1)).toBeUndefined();
          expect(undo(codecs[name], block, bytes.length - 1)).toBeUndefined();
          expect(undo(codecs[name], block.subarray(0, -1), bytes.length)).toBeUndefined();
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each(['zlib', 'lzo', 'snappy', 'zstd'] as const)('%s: any bytes give a page or none', (name) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 5000 }), (block, size) => {
        undo(codecs[name], block, size);
      }),
    );
  });

  it.each(['zlib', 'lzo', 'snappy'] as const)('%s: a damaged block gives a page or none', (name) => {
    const page = Uint8Array.from({ length: 4096 }, (_, index) => (index * index) >> 9);
    const [shrink] = compressors[name];
    const block = shrink?.(page) ?? page;
    fc.assert(
      fc.property(fc.nat({ max: block.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = block.slice();
        damaged[at] = byte;
        const got = undo(codecs[name], damaged, page.length);
        // Only a checksum shows that other bytes came out.
        if (name === 'zlib' && got !== undefined) expect(got).toEqual(page);
      }),
    );
  });
});

describe('lzo', () => {
  it('has every kind of match behind it', () => {
    const far = Uint8Array.from({ length: 40_000 }, (_, index) => (index * 2654435761) >>> 24);
    const bytes = new Uint8Array(45_000);
    bytes.set(far);
    bytes.set(far.subarray(2000, 4000), 40_000);
    bytes.set(far.subarray(30_000, 33_000), 42_000);
    const block = lzoBlock(bytes);
    expect(block.length).toBeLessThan(41_000);
    expect(undo(portableCodecs.lzo, block, bytes.length)).toEqual(bytes);
  });

  it.each([
    ['nothing but the end', [0x11, 0, 0], []],
    [
      'a first run of 3 literals, and a match of 3 at 3',
      [20, 1, 2, 3, 0x48, 0, 0x11, 0, 0],
      [1, 2, 3, 1, 2, 3],
    ],
    ['a match of 2 after 1 literal', [18, 7, 0, 0, 0x11, 0, 0], [7, 7, 7]],
  ])('reads %s', (_, block, bytes) => {
    const got = undo(portableCodecs.lzo, Uint8Array.from(block), bytes.length);
    expect([...(got ?? [-1])]).toEqual(bytes);
  });

  it.each([
    ['a match before the start', [18, 7, 4, 0, 0x11, 0, 0], 3],
    ['no end', [18, 7], 1],
    ['bytes after the end', [18, 7, 0x11, 0, 0, 0], 1],
    ['a length that never ends', [18, 7, 0x20, ...new Array<number>(300).fill(0)], 4096],
  ])('refuses %s', (_, block, size) => {
    expect(undo(portableCodecs.lzo, Uint8Array.from(block), size)).toBeUndefined();
  });
});

describe('zstd', () => {
  // zstd -3 --no-check of the page below: literals with a Huffman table, sequences with their own tables.
  const COMPRESSED =
    'KLUv/WAAD1UGAFLLFg3Q5QAoU2M+ow7QCG8BDxaHQmAXfaydfDWp0V9TMnOvkBI88JPU2bAlrpUy2EjQ4EvxqnE+C8+pQWbAYqeLnkOXJe0MB6wIj00nYj963F+7TKQr+YAEh3JoNx4uICADuobNHiwp8GBJgQdLCj1YUuCBSoEHTAo8WFLgwZoCD5YUPFhS4MGSAg+WFHqwTAqv9EDFIyl0nF6rlgZKUnmjFFIilVY1tVunzaqllhJp5DltlEilVU2t1qmzaqmlJJU3SiElUmlV2uw=';
  const page = Uint8Array.from({ length: 4096 }, (_, index) =>
    'swapper init bash '.charCodeAt((index * (1 + (index >> 7))) % 18),
  );
  const block = new Uint8Array(Buffer.from(COMPRESSED, 'base64'));

  it('undoes what the tool wrote', () => {
    expect(undo(portableCodecs.zstd, block, 4096)).toEqual(page);
    expect(undo(portableCodecs.zstd, block, 4095)).toBeUndefined();
    expect(undo(portableCodecs.zstd, block.subarray(0, -1), 4096)).toBeUndefined();
  });

  it.each([
    ['raw', page],
    ['RLE', new Uint8Array(4096).fill(9)],
  ])('undoes a %s block', (_, bytes) => {
    expect(undo(portableCodecs.zstd, zstdFrame(bytes), 4096)).toEqual(bytes);
  });

  it('gives a page or none of a damaged block, in bounded work', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: block.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const damaged = block.slice();
          for (const [at, byte] of changes) damaged[at] = byte;
          undo(portableCodecs.zstd, damaged, 4096);
        },
      ),
    );
  });

  it('does not begin a frame that claims a window of a gigabyte, or a hundred thousand sequences', () => {
    const window = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xa0, 1, 0, 0);
    // One compressed block of 10 bytes: no literals, 0x17eff sequences, all three codes the same each time.
    const sequences = Uint8Array.of(
      ...[0x28, 0xb5, 0x2f, 0xfd, 0x60, 0, 0x0f],
      ...[0x55, 0, 0],
      ...[0, 255, 255, 255, 0x54, 35, 0, 52, 1, 1],
    );
    const spent = processorTime(() => {
      expect(undo(portableCodecs.zstd, window, 4096)).toBeUndefined();
      expect(undo(portableCodecs.zstd, sequences, 4096)).toBeUndefined();
    });
    expect(spent).toBeLessThan(1000);
  });
});
