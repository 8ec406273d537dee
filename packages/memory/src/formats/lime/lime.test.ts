import { OsiError } from '@osi-linux/core';
import { writeLime } from '@osi-linux/test-fixtures/dump-writers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dump } from '../../dump';
import { BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);
}

function open(bytes: Uint8Array): Dump {
  return openDump(new BytesSource(bytes, 'test.lime'));
}

const low = { physical: 0x1000, bytes: filled(0x2000, 1) };
const high = { physical: 0x100000000, bytes: filled(0x1000, 2) };

describe('lime', () => {
  it('has each range where its header says; the end is inclusive', () => {
    const dump = open(writeLime([low, high]));
    expect([dump.format, dump.findings, dump.cpus]).toEqual(['lime', [], []]);
    expect(dump.memory.ranges).toEqual([
      { start: 0x1000, end: 0x3000 },
      { start: 0x100000000, end: 0x100001000 },
    ]);
    expect(dump.memory.page(2)?.bytes).toEqual(low.bytes.subarray(0x1000));
    expect(dump.memory.page(0x100000)?.bytes).toEqual(high.bytes);
    expect(dump.memory.page(0)).toBeUndefined();
    expect(dump.memory.hole(3).code).toBe('PHYSICAL_HOLE');
  });

  it('whose headers give the first address after a range, as other writers do, is read whole', () => {
    const bytes = writeLime([low, high]);
    const view = new DataView(bytes.buffer);
    for (const header of [0, 32 + 0x2000]) {
      view.setBigUint64(header + 16, view.getBigUint64(header + 16, true) + 1n, true);
    }
    const { memory, findings } = open(bytes);
    expect(findings).toMatchObject([{ what: 'range-ends', value: 'taken as exclusive' }]);
    expect(memory.ranges).toEqual([
      { start: 0x1000, end: 0x3000 },
      { start: 0x100000000, end: 0x100001000 },
    ]);
    expect(memory.page(0x100000)?.bytes).toEqual(high.bytes);
  });

  it('takes ranges in any order, and of those that overlap the first', () => {
    const segments = [
      high,
      { physical: 0x2000, bytes: new Uint8Array(0x2000).fill(8) },
      { physical: 0x1000, bytes: new Uint8Array(0x4000).fill(9) },
    ];
    const { memory, findings } = open(writeLime(segments));
    expect([1, 2, 3, 4].map((frame) => memory.page(frame)?.bytes[0])).toEqual([9, 8, 8, 9]);
    expect([memory.page(0x100000)?.bytes[0], findings]).toEqual([2, []]);
  });

  it('counts a page that is only partly in a range as missing', () => {
    // From /proc/iomem of a PC: 0x1000-0x9fbff.
    const { memory } = open(writeLime([{ physical: 0x1000, bytes: filled(0x9ec00, 3) }]));
    expect(memory.ranges).toEqual([{ start: 0x1000, end: 0x9f000 }]);
    expect([memory.page(0x9e)?.bytes.length, memory.page(0x9f)]).toEqual([4096, undefined]);
    expect(memory.hole(0x9f).message).toContain('only a part of its page is in the dump');
  });

  it('that is cut off gives what is there', () => {
    const bytes = writeLime([low, high]);
    const { memory, findings } = open(bytes.subarray(0, bytes.length - 1));
    expect(findings).toMatchObject([{ what: 'truncated', value: '1 bytes are missing' }]);
    expect(memory.page(2)?.bytes[0]).toBe(low.bytes[0x1000]);
    expect([memory.page(0x100000), memory.hole(0x100000).code]).toEqual([undefined, 'DUMP_TRUNCATED']);
  });

  it('whose later header is damaged keeps the ranges before it', () => {
    const bytes = writeLime([low, high]);
    const second = 32 + 0x2000;
    bytes[second + 4] = 9;
    const { memory, findings } = open(bytes);
    expect(findings).toMatchObject([
      { what: 'truncated', evidence: `header 2 at offset ${second}: version 9, expected 1` },
    ]);
    expect(memory.ranges).toEqual([{ start: 0x1000, end: 0x3000 }]);
    const cut = open(bytes.subarray(0, second + 31));
    expect(cut.findings[0]?.evidence).toContain('the file ends 31 bytes into it');
  });

  it.each<[string, (view: DataView) => void]>([
    ['another version', (view) => view.setUint32(4, 2, true)],
    ['an end before the start', (view) => view.setBigUint64(16, 0xfffn, true)],
    ['addresses that cannot be', (view) => view.setBigUint64(16, (1n << 64n) - 1n, true)],
  ])('whose first header has %s is refused', (_, change) => {
    const bytes = writeLime([low]);
    change(new DataView(bytes.buffer));
    expect(() => open(bytes)).toThrow(expect.objectContaining({ code: 'DUMP_MALFORMED' }));
  });

  it('of random headers gives pages or an OsiError', () => {
    const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    const small = fc.bigInt({ min: 0n, max: 0x8000n });
    const header = fc.tuple(fc.oneof(small, word), fc.oneof(small, word), fc.nat({ max: 9000 }));
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 6 }), (headers) => {
        const parts = headers.flatMap(([start, last, length]) => {
          const bytes = writeLime([{ physical: 0, bytes: new Uint8Array(length + 1) }]);
          new DataView(bytes.buffer).setBigUint64(8, start, true);
          new DataView(bytes.buffer).setBigUint64(16, last, true);
          return [...bytes];
        });
        try {
          const { memory } = open(Uint8Array.from(parts));
          for (const { start } of memory.ranges) expect(memory.page(start / 4096)?.bytes.length).toBe(4096);
          expect(OsiError.is(memory.hole(0x7000000000))).toBe(true);
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
      { numRuns: 60 },
    );
  });
});
