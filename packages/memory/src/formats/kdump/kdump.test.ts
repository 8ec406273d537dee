import { deflateSync } from 'node:zlib';
import { OsiError } from '@osi-linux/core';
import {
  flatChunks,
  joinNotes,
  type KdumpContent,
  lzoBlock,
  snappyBlock,
  writeFlattened,
  writeKdump,
  zstdFrame,
} from '@osi-linux/test-fixtures/dump-writers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portableCodecs } from '../../codecs/codecs';
import type { Dump, OpenDumpOptions } from '../../dump';
import { BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

function filled(seed: number): Uint8Array {
  return Uint8Array.from({ length: 4096 }, (_, index) => (index >> 5) * seed);
}

function open(bytes: Uint8Array, options: OpenDumpOptions = {}): Dump {
  return openDump(new BytesSource(bytes, 'test.kdump'), options);
}

const zeros = new Uint8Array(4096);
const noise = Uint8Array.from({ length: 4096 }, (_, index) => (index * 2654435761) >>> 24);
const pages = new Map([
  [0, filled(1)],
  [1, zeros],
  [5, filled(3)],
  [6, noise],
  [4100, zeros],
  [40_000, filled(7)],
]);

const compressions = {
  stored: undefined,
  zlib: { flag: 1, compress: (page: Uint8Array) => new Uint8Array(deflateSync(page)) },
  lzo: { flag: 2, compress: lzoBlock },
  snappy: { flag: 4, compress: snappyBlock },
  zstd: { flag: 0x20, compress: zstdFrame },
} as const;

function expectPages(dump: Dump, expected: ReadonlyMap<number, Uint8Array>): void {
  for (const [frame, bytes] of expected) {
    const scanned = new Uint8Array(4096);
    expect([frame, dump.memory.scan(frame * 4096, scanned)]).toEqual([frame, 4096]);
    for (const got of [scanned, dump.memory.page(frame)?.bytes ?? zeros])
      expect([frame, Buffer.compare(got, bytes)]).toEqual([frame, 0]);
  }
}

describe.each(Object.keys(compressions) as (keyof typeof compressions)[])('%s', (name) => {
  const compression = compressions[name];
  const base: KdumpContent = compression === undefined ? { pages } : { pages, compression };

  it.each([
    [0, 8],
    [1, 8],
    [2, 4],
    [3, 8],
    [4, 4],
    [5, 8],
    [6, 4],
    [6, 8],
  ] as const)('version %i of a machine with words of %i bytes', (version, wordSize) => {
    const dump = open(
      writeKdump({ ...base, version, wordSize, machine: wordSize === 8 ? 'x86_64' : 'i686' }),
    );
    expect([dump.format, dump.machine, dump.findings]).toEqual([
      'kdump',
      wordSize === 8 ? 'x86_64' : 'i386',
      [],
    ]);
    expectPages(dump, pages);
    expect(dump.memory.ranges).toEqual([
      { start: 0, end: 0x2000 },
      { start: 0x5000, end: 0x7000 },
      { start: 4100 * 4096, end: 4101 * 4096 },
      { start: 40_000 * 4096, end: 40_001 * 4096 },
    ]);
    for (const frame of [2, 4, 7, 39_999, 40_001, 2 ** 30]) expect(dump.memory.page(frame)).toBeUndefined();
    expect(dump.memory.hole(2)).toMatchObject({ code: 'PHYSICAL_HOLE' });
    expect(dump.memory.hole(2 ** 33)).toMatchObject({ code: 'PHYSICAL_HOLE' });
    expect(dump.memory.hole(1).code).toBe('PAGE_PRESENT');
  });
});

describe('kdump', () => {
  const registers = { cr3: 0x1234000n, cr4: 0x6f0n, rip: 0xffffffff81000000n, gs_base: 5n };

  it('reads registers and VMCOREINFO, and gives no phys_base', () => {
    const vmcoreinfo = 'OSRELEASE=6.1.0-49-amd64\nNUMBER(phys_base)=-679477248\n';
    const notes = joinNotes({ machine: 'x86_64', cpus: [registers], vmcoreinfo });
    const dump = open(writeKdump({ pages, notes, vmcoreinfo, physBase: -0x679477248n }));
    expect(dump.vmcoreinfo).toBe(vmcoreinfo);
    expect(dump.cpus).toMatchObject([{ index: 0, registers }]);
    expect(open(writeKdump({ pages, vmcoreinfo })).vmcoreinfo).toBe(vmcoreinfo);
    expect(open(writeKdump({ pages, vmcoreinfo, version: 2 })).vmcoreinfo).toBeUndefined();
  });

  it.each([
    ['x86_64', '', 'x86_64', 'x86_64'],
    // QEMU gives 32-bit guests a 64-bit header, too, and names x86_64 in it.
    ['x86_64', '', 'i386', 'i386'],
    ['x86_64', '', undefined, undefined],
    ['x86_64', '6.1.0', undefined, 'x86_64'],
    ['i686', '', 'i386', 'i386'],
    ['', '', 'x86_64', 'x86_64'],
    // QEMU 10 names no machine in any header.
    ['Unknown', '', 'x86_64', 'x86_64'],
    ['Unknown', '', 'i386', 'i386'],
    ['Unknown', '', undefined, undefined],
    ['(none)', '6.1.0', 'x86_64', 'x86_64'],
  ] as const)('%j with the release %j and notes of %s is %s', (machine, release, notesOf, expected) => {
    const notes = notesOf === undefined ? undefined : joinNotes({ machine: notesOf, cpus: [registers] });
    const content = writeKdump({ pages, machine, release, ...(notes === undefined ? {} : { notes }) });
    for (const bytes of [content, writeFlattened(flatChunks(content, 1000))]) {
      const dump = open(bytes);
      expect([dump.machine, dump.cpus.length]).toEqual([expected, notesOf === undefined ? 0 : 1]);
      expectPages(dump, pages);
    }
  });

  it('with a 32-bit header and no name of a machine is of a 32-bit guest', () => {
    expect(open(writeKdump({ pages, machine: 'Unknown', release: '', wordSize: 4 })).machine).toBe('i386');
  });

  it.each([
    ['aarch64', 392],
    ['riscv64', 376],
    ['arm', 148],
  ])('without a name of a machine, but with the registers of %s, is refused as that', (name, bytes) => {
    const note = { name: 'CORE', type: 1, desc: new Uint8Array(bytes) };
    const notes = joinNotes({ machine: 'x86_64', notes: [note] });
    expect(() => open(writeKdump({ pages, machine: 'Unknown', release: '', notes }))).toThrow(
      expect.objectContaining({
        code: 'DUMP_MACHINE_UNSUPPORTED',
        message: expect.stringContaining(`of the machine "${name}"`),
        hint: `only x86 guests are supported; guests of ${name} are not read yet`,
      }),
    );
  });

  it('tells what was left out from what is no memory', () => {
    const dump = open(writeKdump({ pages, excluded: [2, 3, 50], dumpLevel: 31 }));
    expectPages(dump, pages);
    expect([dump.memory.page(3), dump.memory.hole(3).code]).toEqual([undefined, 'PAGE_EXCLUDED']);
    expect(dump.memory.hole(4).code).toBe('PHYSICAL_HOLE');
    expect(dump.memory.hole(3).message).toBe(
      'physical 0x3000 is not in the dump: the page was left out when the dump was written (dump level 31)',
    );
    expect(dump.findings).toEqual([
      {
        what: 'excluded',
        value: 'pages were left out: zero, cache, private cache, user, free',
        evidence: 'dump_level is 31',
      },
    ]);
  });

  it('gives zeros only where nothing but zeros was left out', () => {
    const dump = open(writeKdump({ pages, excluded: [2], dumpLevel: 1 }));
    expectPages(dump, new Map([...pages, [2, zeros]]));
    expect([dump.findings, dump.memory.ranges[0], dump.memory.page(3)]).toEqual([
      [],
      { start: 0, end: 0x3000 },
      undefined,
    ]);
    expect(open(writeKdump({ pages, excluded: [2], dumpLevel: 0 })).memory.hole(2).code).toBe(
      'PAGE_EXCLUDED',
    );
  });

  it('reads a file with one bitmap', () => {
    expectPages(open(writeKdump({ pages, singleBitmap: true })), pages);
  });

  it('unpacks a shared block once, with the codecs that it is given', () => {
    const shared = new Map(Array.from({ length: 20 }, (_, frame) => [frame, zeros] as const));
    let calls = 0;
    const zlib: typeof portableCodecs.zlib = (block, into) => {
      calls += 1;
      return portableCodecs.zlib(block, into);
    };
    const bytes = writeKdump({ pages: shared, compression: compressions.zlib });
    expectPages(open(bytes, { codecs: { ...portableCodecs, zlib } }), shared);
    expect(calls).toBe(1);
  });

  it('reads a flattened file in place', () => {
    const flat = writeFlattened(flatChunks(writeKdump({ pages, compression: compressions.lzo }), 5000));
    const dump = open(flat);
    expect([dump.format, dump.findings]).toEqual(['kdump', []]);
    expectPages(dump, pages);
  });
});

describe('a split dump', () => {
  const spans = [
    { start: 0, end: 6 },
    { start: 6, end: 30_000 },
    { start: 30_000, end: 40_001 },
  ];
  const files = spans.map((split) => writeKdump({ pages, split, compression: compressions.zlib }));
  const source = (index: number) => new BytesSource(files[index] as Uint8Array, `part-${index}`);

  it.each([
    [0, 1, 2],
    [2, 0, 1],
  ])('is whole with all parts, in the order %i %i %i', (first, ...others) => {
    const dump = openDump(source(first), { parts: others.map(source) });
    expect(dump.findings).toEqual([]);
    expectPages(dump, pages);
    expect(dump.memory.ranges).toEqual(open(writeKdump({ pages })).memory.ranges);
  });

  it('opens one part alone, and names the others', () => {
    const dump = openDump(source(1));
    expect(dump.findings).toEqual([
      {
        what: 'parts',
        value: 'a part of a split dump alone',
        evidence: '1 of its files given, which lack the frames 0x0 to 0x5, 0x7530 to 0x9c40',
      },
    ]);
    expectPages(dump, new Map([...pages].filter(([frame]) => frame >= 6 && frame < 30_000)));
    expect([dump.memory.page(5), dump.memory.hole(5).code]).toEqual([undefined, 'PAGE_EXCLUDED']);
    expect(dump.memory.hole(5).message).toBe(
      'physical 0x5000 is not in the dump: frame 0x5 belongs to another part of this split dump',
    );
    expect(dump.memory.ranges).toHaveLength(2);
  });

  it('takes flattened parts, and closes them all', () => {
    const parts = [1, 2].map(
      (index) => new BytesSource(writeFlattened(flatChunks(files[index] as Uint8Array, 999))),
    );
    let closed = 0;
    const first = source(0);
    for (const part of [first, ...parts]) part.close = () => (closed += 1);
    const dump = openDump(first, { parts });
    expectPages(dump, pages);
    dump.close();
    expect(closed).toBe(3);
  });

  it.each([
    ['another dump', writeKdump({ pages, split: { start: 6, end: 9 }, release: 'other' })],
    ['a dump that is not split', writeKdump({ pages })],
  ])('refuses %s as a part', (_, bytes) => {
    expect(() => openDump(source(0), { parts: [new BytesSource(bytes, 'odd')] })).toThrow(
      expect.objectContaining({ code: 'DUMP_MALFORMED', fields: { source: 'odd' } }),
    );
  });
});

/** Reads the pages above, and some that are not there: each is a page or has a reason. */
function readPages({ memory }: Dump): void {
  for (const frame of [...pages.keys(), 2, 999]) {
    if (memory.page(frame) === undefined) expect(OsiError.is(memory.hole(frame))).toBe(true);
  }
  expect(memory.ranges.length).toBeLessThan(70_000);
}

describe('a damaged kdump', () => {
  const compressed = writeKdump({ pages, compression: compressions.zlib });
  const plain = writeKdump({ pages });
  // Header, sub-header, two bitmaps of two blocks.
  const descriptors = (1 + 1 + 4) * 4096;

  function changed(change: (view: DataView) => void, from = compressed): Dump {
    const bytes = from.slice();
    change(new DataView(bytes.buffer));
    return open(bytes);
  }

  it('names the page whose block is damaged', () => {
    const dump = changed((view) => view.setUint8(descriptors + 6 * 24 + 3, 0x55));
    expect([dump.memory.page(0), dump.memory.hole(0).code]).toEqual([undefined, 'PAGE_DAMAGED']);
    expect(dump.memory.hole(0).message).toMatch(
      /^physical 0x0 is not in the dump: its block of \d+ bytes at offset 24720 \(zlib\) does not decompress to 4096 bytes$/,
    );
    expect(dump.memory.page(5)?.bytes).toEqual(pages.get(5));
  });

  it.each([
    [
      'a block larger than a page',
      (view: DataView) => view.setUint32(descriptors + 8, 4097, true),
      'PAGE_DAMAGED',
    ],
    [
      'a stored block that is short',
      (view: DataView) => view.setUint32(descriptors + 12, 0, true),
      'PAGE_DAMAGED',
    ],
    [
      'an offset beyond 2^53',
      (view: DataView) => view.setUint32(descriptors + 4, 0xffffffff, true),
      'PAGE_DAMAGED',
    ],
    [
      'an offset beyond the file',
      (view: DataView) => view.setUint32(descriptors + 4, 1, true),
      'DUMP_TRUNCATED',
    ],
    [
      'a descriptor that was never written',
      (view: DataView) => {
        for (let at = 0; at < 24; at += 8) view.setBigUint64(descriptors + at, 0n);
      },
      'DUMP_TRUNCATED',
    ],
  ])('%s', (_, change, code) => {
    const dump = changed(change);
    expect([dump.memory.page(0), dump.memory.hole(0).code]).toEqual([undefined, code]);
  });

  it('opens at any length, and gives the pages that are there', () => {
    for (const [length, present] of [
      [plain.length - 1, 5],
      [descriptors + 6 * 24 + 3 * 4096, 4],
      [descriptors + 24, 0],
      [descriptors - 4096, 0],
    ] as const) {
      const dump = open(plain.subarray(0, length));
      const got = [...pages].filter(([frame]) => dump.memory.page(frame) !== undefined);
      expect([length, got.length]).toEqual([length, present]);
      expect(dump.findings.map(({ what }) => what)).toEqual(['truncated']);
      for (const [frame] of pages) {
        if (dump.memory.page(frame) === undefined)
          expect(dump.memory.hole(frame).code).toBe('DUMP_TRUNCATED');
      }
    }
  });

  it('does not take a bitmap that a flattened file lacks for one without pages', () => {
    const file = writeKdump({ pages, dumpLevel: 1 });
    const lacking = flatChunks(file, 4096).filter(({ offset }) => offset !== 4 * 4096);
    const dump = open(writeFlattened(lacking, { end: false }));
    expect(dump.findings.map(({ what }) => what)).toEqual(['truncated']);
    for (const frame of [...pages.keys(), 2]) {
      expect([dump.memory.page(frame), dump.memory.hole(frame).code]).toEqual([undefined, 'DUMP_TRUNCATED']);
    }
  });

  it('says that the dump was not finished', () => {
    expect(open(writeKdump({ pages, incomplete: true })).findings).toMatchObject([{ what: 'incomplete' }]);
  });

  it.each([
    ['an unknown version', (view: DataView) => view.setInt32(8, 7, true), 'DUMP_MALFORMED'],
    ['a big-endian version', (view: DataView) => view.setInt32(8, 0x06000000, true), 'DUMP_MALFORMED'],
    ['another machine', (view: DataView) => view.setUint8(12 + 4 * 65, 0x61), 'DUMP_MACHINE_UNSUPPORTED'],
    ['blocks of 64 KiB', (view: DataView) => view.setUint32(428, 65_536, true), 'DUMP_MALFORMED'],
    ['no bitmap', (view: DataView) => view.setUint32(436, 0, true), 'DUMP_MALFORMED'],
    ['a bitmap that is too short', (view: DataView) => view.setUint32(436, 1, true), 'DUMP_MALFORMED'],
    [
      'more frames than there can be',
      (view: DataView) => view.setUint32(4096 + 96 + 4, 5, true),
      'DUMP_MALFORMED',
    ],
    [
      'a bitmap outside the file',
      (view: DataView) => view.setUint32(432, 0xffffffff, true),
      'DUMP_MALFORMED',
    ],
  ])('%s is refused', (_, change, code) => {
    expect(() => changed(change)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses what ends in its headers', () => {
    for (const length of [8, 463, 4096, 4199])
      expect(() => open(compressed.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'DUMP_MALFORMED' }),
      );
  });

  it('gives values or OsiErrors of any damage', () => {
    const notes = joinNotes({ machine: 'x86_64', cpus: [{ cr3: 1n }], vmcoreinfo: 'OSRELEASE=1\n' });
    const whole = writeKdump({ pages, notes, vmcoreinfo: 'OSRELEASE=1\n', compression: compressions.lzo });
    const interesting = fc.oneof(
      fc.nat({ max: 470 }),
      fc.integer({ min: 4096, max: 4096 + 900 }),
      fc.integer({ min: 8192, max: whole.length - 1 }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(interesting, fc.nat({ max: 255 })), { maxLength: 5 }),
        fc.option(fc.nat({ max: whole.length })),
        (changes, length) => {
          const bytes = whole.slice(0, length ?? whole.length);
          for (const [at, byte] of changes) bytes.fill(byte, at, at + 1);
          try {
            readPages(openDump(new BytesSource(bytes), { format: 'kdump' }));
          } catch (error) {
            if (!OsiError.is(error)) throw error;
          }
        },
      ),
    );
  });
});
