import { OsiError } from '@osi-linux/core';
import { fileOf, writeBootImage } from '@osi-linux/test-fixtures/type-writers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBootImage } from './boot-image';

const image = writeBootImage(Uint8Array.of(1, 2, 3));

describe('findBootImage', () => {
  it('says where the compressed kernel is', () => {
    expect(findBootImage(fileOf(image))).toEqual({ payloadAt: 1024 + 64, payloadSize: 3, protocol: 0x20f });
  });

  it('takes 0 sectors of setup for 4, as old boot loaders wrote', () => {
    const old = Uint8Array.from([...image, ...new Uint8Array(2048)]);
    old[0x1f1] = 0;
    expect(findBootImage(fileOf(old))?.payloadAt).toBe(5 * 512 + 64);
  });

  it.each([
    ['a file without the header', new Uint8Array(4096)],
    ['a file that ends within it', image.subarray(0, 0x24f)],
  ])('passes over %s', (_, bytes) => {
    expect(findBootImage(fileOf(bytes))).toBeUndefined();
  });

  it.each([
    [
      'a protocol that does not tell',
      writeBootImage(Uint8Array.of(1), { protocol: 0x207 }),
      /protocol 0x207/,
    ],
    ['a payload behind the end', image.subarray(0, -1), /would end at byte 1091 of 1090/],
    ['an empty payload', writeBootImage(new Uint8Array(0)), /would end at byte/],
  ])('refuses %s', (_, bytes, expected) => {
    expect(() => findBootImage(fileOf(bytes))).toThrow(expected);
    expect(() => findBootImage(fileOf(bytes))).toThrow(
      expect.objectContaining({ code: 'BOOT_IMAGE_MALFORMED' }),
    );
  });

  it('finds a payload inside of the file or none, whatever the header says', () => {
    const edits = fc.array(fc.tuple(fc.integer({ min: 0x1f0, max: 0x24f }), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(edits, (places) => {
        const bytes = image.slice();
        for (const [at, byte] of places) bytes[at] = byte;
        try {
          const found = findBootImage(fileOf(bytes));
          expect((found?.payloadAt ?? 0) + (found?.payloadSize ?? 0)).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
    );
  });
});
