import { CountingSource } from '@osi-linux/test-fixtures/dump-fuzz';
import { flatChunks, writeElfCore, writeFlattened } from '@osi-linux/test-fixtures/dump-writers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../dump';
import { BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';
import { isFlattened, openFlattened } from './flattened-source';

function flatten(bytes: Uint8Array, findings: Finding[] = []) {
  return openFlattened(new BytesSource(bytes, 'x.flat'), findings);
}

function readAll(source: { size: number; read(position: number, into: Uint8Array): number }): Uint8Array {
  const bytes = new Uint8Array(source.size);
  return bytes.subarray(0, source.read(0, bytes));
}

const chunk = fc.record({
  offset: fc.nat({ max: 3000 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }),
});

describe('a flattened file', () => {
  it('gives the file that its chunks write one after the other', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 30 }),
        fc.nat({ max: 3000 }),
        fc.nat({ max: 500 }),
        (chunks, at, length) => {
          const plain = new Uint8Array(
            Math.max(0, ...chunks.map(({ offset, bytes }) => offset + bytes.length)),
          );
          for (const { offset, bytes } of chunks) plain.set(bytes, offset);
          const source = flatten(writeFlattened(chunks));
          expect(readAll(source)).toEqual(plain);
          const part = new Uint8Array(length);
          const got = source.read(at, part);
          expect(part.subarray(0, got)).toEqual(plain.subarray(at, at + length));
        },
      ),
    );
  });

  it('reads in pieces, in any order', () => {
    const file = Uint8Array.from({ length: 10_000 }, (_, index) => index * 31);
    const source = flatten(writeFlattened(flatChunks(file, 700)));
    const part = new Uint8Array(900);
    for (const at of [9000, 0, 650, 5000, 4999, 9999, 20_000]) {
      const got = source.read(at, part);
      expect(part.subarray(0, got)).toEqual(file.subarray(at, at + 900));
    }
  });

  it('ends at the first gap where its end is cut off, and says so', () => {
    const chunks = [
      { offset: 0, bytes: new Uint8Array(100).fill(1) },
      { offset: 200, bytes: new Uint8Array(100).fill(2) },
    ];
    const findings: Finding[] = [];
    const source = flatten(writeFlattened(chunks, { end: false }), findings);
    expect([source.size, source.read(50, new Uint8Array(500)), source.read(120, new Uint8Array(9))]).toEqual([
      300, 50, 0,
    ]);
    expect(findings).toMatchObject([{ what: 'truncated' }]);
    const whole: Finding[] = [];
    expect(flatten(writeFlattened(chunks), whole).read(50, new Uint8Array(500))).toBe(250);
    expect(whole).toEqual([]);
  });

  it('keeps what there is of a chunk that is cut off', () => {
    const bytes = writeFlattened([{ offset: 0, bytes: Uint8Array.of(1, 2, 3, 4, 5) }], { end: false });
    const findings: Finding[] = [];
    expect([...readAll(flatten(bytes.subarray(0, -2), findings))]).toEqual([1, 2, 3]);
    expect(findings[0]?.evidence).toBe('the chunk at 4096 has 5 bytes, the file ends after 3');
  });

  it('ends where there are only zeros, without going through them all', () => {
    const written = writeFlattened([{ offset: 0, bytes: new Uint8Array(100).fill(1) }], { end: false });
    const bytes = new Uint8Array(written.length + 1024 * 1024);
    bytes.set(written);
    const source = new CountingSource('x.flat', bytes, { reads: 2000, bytes: 65_536 });
    const findings: Finding[] = [];
    expect(readAll(openFlattened(source, findings))).toEqual(new Uint8Array(100).fill(1));
    expect(findings[0]?.evidence).toMatch(/^more than 1024 empty chunks before offset \d+$/);
  });

  it('refuses a version that is not known, and more chunks than there can be', () => {
    const bytes = writeFlattened([]);
    bytes[31] = 2;
    expect(() => flatten(bytes)).toThrow(
      'x.flat is a damaged flattened file: type and version are 1 and 2, expected 1 and 1',
    );
    const one = { offset: 0, bytes: Uint8Array.of(7) };
    const many = writeFlattened(new Array<typeof one>(67_000).fill(one));
    expect(() => flatten(many)).toThrow(expect.objectContaining({ code: 'DUMP_MALFORMED' }));
  });

  it('gives a source or an OsiError of any damage', () => {
    const bytes = writeFlattened(flatChunks(new Uint8Array(2000).fill(5), 300));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 }),
        fc.nat({ max: bytes.length }),
        (changes, length) => {
          const damaged = bytes.slice(0, length);
          for (const [at, byte] of changes) if (at < length) damaged[at] = byte;
          try {
            const source = flatten(damaged);
            source.read(0, new Uint8Array(4096));
            source.read(Math.max(0, source.size - 10), new Uint8Array(4096));
          } catch (error) {
            expect(error).toMatchObject({ code: 'DUMP_MALFORMED' });
          }
        },
      ),
    );
  });
});

describe('openDump', () => {
  const page = Uint8Array.from({ length: 8192 }, (_, index) => index * 7);
  const core = writeElfCore({ machine: 'x86_64', segments: [{ physical: 0x100000, bytes: page }] });

  it('reads a flattened core in place', () => {
    const flat = writeFlattened(flatChunks(core, 1000));
    expect(isFlattened(new BytesSource(flat))).toBe(true);
    let closed = 0;
    const source = new BytesSource(flat);
    source.close = () => {
      closed += 1;
    };
    const dump = openDump(source);
    expect([dump.format, dump.findings]).toEqual(['elf', []]);
    expect(dump.memory.page(0x101)?.bytes).toEqual(page.subarray(4096));
    dump.close();
    expect(closed).toBe(1);
  });

  it('says of a page that the end of the file had', () => {
    const flat = writeFlattened([{ offset: 0, bytes: core.subarray(0, -5000) }], { end: false });
    const dump = openDump(new BytesSource(flat));
    expect(dump.findings.map(({ what }) => what)).toEqual(['truncated', 'truncated']);
    expect([dump.memory.page(0x101), dump.memory.hole(0x101).code]).toEqual([undefined, 'DUMP_TRUNCATED']);
  });

  it('takes it as it is where raw is asked for', () => {
    const flat = writeFlattened(flatChunks(new Uint8Array(70_000), 9000));
    expect(openDump(new BytesSource(flat), { format: 'raw' }).memory.page(0)?.bytes[0]).toBe(
      'm'.charCodeAt(0),
    );
  });
});
