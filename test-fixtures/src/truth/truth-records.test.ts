import { OsiError } from '@osi-linux/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTruthRecords } from './truth-records';

function writeRecord(kind: string, path: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.write(kind, 0, 'latin1');
  header.writeUInt32LE(Buffer.byteLength(path), 1);
  header.writeBigUInt64LE(BigInt(bytes.length), 5);
  return Buffer.concat([header, Buffer.from(path), bytes]);
}

const END = writeRecord('Z', '', new Uint8Array(0));

describe('parseTruthRecords', () => {
  it('reads what was written, and where it ends on the disk', () => {
    const letters = { file: 'F', link: 'L', list: 'D', error: 'E' } as const;
    const record = fc.record({
      kind: fc.constantFrom('file', 'link', 'list', 'error'),
      path: fc.string(),
      bytes: fc.uint8Array(),
    });
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const stream = Buffer.concat([
          ...records.map(({ kind, path, bytes }) =>
            writeRecord(letters[kind as keyof typeof letters], path, bytes),
          ),
          END,
        ]);
        const parsed = parseTruthRecords(Buffer.concat([stream, Buffer.alloc(512)]));
        expect(parsed).toEqual({ records, length: stream.length });
      }),
    );
  });

  it('gives records or TRUTH_MALFORMED for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseTruthRecords(bytes);
        } catch (error) {
          expect(OsiError.is(error) && error.code).toBe('TRUTH_MALFORMED');
        }
      }),
    );
  });

  it('does not take a stream that broke off', () => {
    const whole = Buffer.concat([writeRecord('F', '/a', Uint8Array.of(1, 2, 3)), END]);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => parseTruthRecords(whole.subarray(0, length))).toThrow('truth stream');
    }
  });
});
