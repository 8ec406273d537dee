import { writeAvml } from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import { portableCodecs } from '../../codecs/codecs';
import type { Dump } from '../../dump';
import { BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

const MIB = 1024 * 1024;

/** Bytes that can be compressed in part. */
function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index % 4096 < 1000 ? (index * 7 + seed) & 0xff : seed));
}

/** Quicker than `toEqual` for pages. */
function same(bytes: Uint8Array | undefined, expected: Uint8Array): boolean {
  return bytes !== undefined && Buffer.compare(bytes, expected) === 0;
}

function open(bytes: Uint8Array): Dump {
  return openDump(new BytesSource(bytes, 'test.avml'));
}

const low = { physical: 0x1000, bytes: filled(0x13000, 1) };
const high = { physical: 0x4000000, bytes: filled(0x2000, 2) };

describe('avml', () => {
  it.each([
    ['compressed', {}],
    ['stored', { compress: 'no' }],
    ['without checksums', { checksums: false }],
    ['stored without checksums', { compress: 'no', checksums: false }],
    ['padded', { padding: 300 }],
  ] as const)('reads blocks that are %s', (_, options) => {
    const dump = open(writeAvml([low, high], options));
    expect([dump.format, dump.findings, dump.cpus]).toEqual(['avml', [], []]);
    expect(dump.memory.ranges).toEqual([
      { start: 0x1000, end: 0x14000 },
      { start: 0x4000000, end: 0x4002000 },
    ]);
    for (let page = 0; page < 0x13; page += 1) {
      const expected = low.bytes.subarray(page * 4096, page * 4096 + 4096);
      expect(same(dump.memory.page(page + 1)?.bytes, expected)).toBe(true);
    }
    const across = new Uint8Array(0x13000);
    expect([dump.memory.scan(0x1000, across), same(across, low.bytes)]).toEqual([0x13000, true]);
    expect(dump.memory.page(0x4001)?.bytes).toEqual(high.bytes.subarray(4096));
  });

  it('tells of damaged blocks one by one up to a limit', () => {
    const count = 5000;
    const bytes = new Uint8Array(40 * count);
    const view = new DataView(bytes.buffer);
    for (let block = 0; block < count; block += 1) {
      const words = [0x4c4d5641, 2, block * 4096, 0, block * 4096 + 4095];
      for (const [index, word] of words.entries()) view.setUint32(40 * block + 4 * index, word, true);
    }
    const { findings } = open(bytes);
    expect(findings).toHaveLength(257);
    expect(findings[256]?.evidence).toBe('header 257 at offset 10240: more damaged blocks than are read');
  });

  it('the writer compresses, and takes its checksum from the standard', () => {
    expect(writeAvml([low]).length).toBeLessThan(0x13000 / 2);
    // RFC 3720, B.4: 32 bytes of zeros have 0x8a9136aa; rotated by 15 bits and shifted that is 0x0f2fc3c6 (mod 2^32).
    const bytes = writeAvml([{ physical: 0, bytes: new Uint8Array(32) }], { compress: 'no' });
    const masked = (((0x8a9136aa >>> 15) | (0x8a9136aa << 17)) + 0xa282ead8) >>> 0;
    expect(new DataView(bytes.buffer).getUint32(32 + 10 + 4, true)).toBe(masked);
  });

  it('says of a gap that AVML may have left out zeros', () => {
    const { memory } = open(writeAvml([low, high]));
    expect(memory.page(0x100)).toBeUndefined();
    expect(memory.hole(0x100)).toMatchObject({
      code: 'PAGE_EXCLUDED',
      message:
        'physical 0x100000 is not in the dump: 0x100000 is between its blocks: AVML leaves out regions of 16 MiB that are all zero',
    });
    expect([memory.hole(0).code, memory.hole(0x5000).code]).toEqual(['PHYSICAL_HOLE', 'PHYSICAL_HOLE']);
  });

  it('says of a gap that is less than a block that it has no memory', () => {
    const { memory } = open(writeAvml([low, { ...high, physical: 0x100000 }]));
    expect(memory.hole(0xa0).code).toBe('PHYSICAL_HOLE');
  });

  it('keeps the rest where a chunk is damaged, and names the pages in it', () => {
    const plain = { physical: 0, bytes: filled(3 * 65536, 5) };
    const bytes = writeAvml([plain, high], { compress: 'no' });
    const second = 32 + 10 + 8 + 65536 + 8;
    bytes[second + 5000] = (bytes[second + 5000] ?? 0) ^ 1;
    const { memory, findings } = open(bytes);
    expect(findings).toEqual([]);
    expect([memory.page(15)?.bytes[0], memory.page(32)?.bytes[0]]).toEqual([
      plain.bytes[61440],
      plain.bytes[131072],
    ]);
    expect(memory.page(16)).toBeUndefined();
    expect(memory.hole(0x10)).toMatchObject({
      code: 'PAGE_DAMAGED',
      message: `the snappy chunk at offset ${second} of test.avml: its checksum is wrong`,
    });
    expect(memory.page(0x4000)?.bytes).toEqual(high.bytes.subarray(0, 4096));
  });

  it('takes the decompressors that it is given', () => {
    let calls = 0;
    const codecs = {
      ...portableCodecs,
      snappy: (block: Uint8Array, into: Uint8Array) => {
        calls += 1;
        return portableCodecs.snappy(block, into);
      },
    };
    const dump = openDump(new BytesSource(writeAvml([low])), { codecs });
    for (let frame = 1; frame < 0x14; frame += 1) dump.memory.page(frame);
    // 76 KiB are two chunks, each of which is decompressed once.
    expect(calls).toBe(2);
  });

  it('that is cut off anywhere gives what is there', () => {
    const bytes = writeAvml([low, high]);
    for (let length = 33; length < bytes.length; length += 97) {
      const { memory, findings } = open(bytes.subarray(0, length));
      if (length < bytes.length - 8) expect(findings.length).toBeGreaterThan(0);
      const first = memory.page(1);
      if (first !== undefined) expect(same(first.bytes, low.bytes.subarray(0, 4096))).toBe(true);
      else expect(memory.hole(1).code).toBe('DUMP_TRUNCATED');
    }
  });

  it('goes on behind a block that ends before its header says', () => {
    const bytes = writeAvml([{ physical: 0, bytes: filled(0x1000, 3) }, high]);
    new DataView(bytes.buffer).setBigUint64(16, 0x2fffn, true);
    const { memory, findings } = open(bytes);
    expect(findings).toMatchObject([{ what: 'truncated', value: '8192 bytes of a block are missing' }]);
    expect([memory.page(0)?.bytes[4000], memory.hole(1).code]).toEqual([3, 'DUMP_TRUNCATED']);
    expect(memory.page(0x4000)?.bytes[0]).toBe(high.bytes[0]);
  });

  it('is not made to work or remember without end', () => {
    const frames = new Uint8Array(2 * MIB);
    const header = writeAvml([{ physical: 0, bytes: filled(16, 0) }]).subarray(0, 32);
    new DataView(header.buffer, header.byteOffset).setBigUint64(16, 2n ** 51n, true);
    // Chunks of nothing, four bytes each.
    for (let at = 0; at < frames.length; at += 4) frames[at] = 0xfe;
    let reads = 0;
    const source = new BytesSource(Uint8Array.from([...header, ...frames]));
    const read = source.read.bind(source);
    source.read = (position, into) => {
      reads += 1;
      return read(position, into);
    };
    expect(openDump(source).findings[0]?.evidence).toBe('more chunks than are read');
    expect(reads).toBeLessThan(70_000);
  });

  it.each([
    ['a first header of LiME', 4, 1],
    ['an end before the start', 17, 0],
  ])('with %s is refused', (_, at, value) => {
    const bytes = writeAvml([low]);
    bytes[at] = value;
    bytes[18] = 0;
    expect(() => open(bytes)).toThrow(expect.objectContaining({ code: 'DUMP_MALFORMED' }));
  });
});
