import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { OsiError } from '@osi-linux/core';
import { writeElfCore, writeQemuStream, writeTar, zstdFrame } from '@osi-linux/test-fixtures/dump-writers';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openDump } from '../formats/formats';
import { BytesSource } from '../sources/byte-source';
import { peekSource, type UnpackedSource, type UnpackProgress, unpackSource } from './unpacked-source';

const folder = mkdtempSync(join(tmpdir(), 'unpacked-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

const code = (name: string): unknown => expect.objectContaining({ code: name });
const bytes = Uint8Array.from({ length: 400_000 }, (_, at) => {
  return (Math.floor(at / 3) % 11) * (Math.floor(at / 1000) % 3) + Math.floor(at / 65536);
});
// zstd -19 of these bytes: four blocks; the last one uses the tables of the one before.
const zstd = Buffer.from(
  'KLUv/QRoPAsAUkUOCBCoPbBwe9IB3d3WWimlc04ppbuZeXdVNTP/t0YIY0wphRAyxpBExP93N8ZgZiHE7oYQVBUAkHkBgMqowUv2' +
    '2jewpZCdOVIIVhC8QrCCIDyCXyEw9TMHdUW3V+DWCm9f8bYVuL3i2yu8fcXbVuCWCuJa8fYK22LR7VZwa4W3VnhrhW+t6PYr3kqB' +
    'XCu8tcLaWnzbim6vwK0Vb62gWyu+bcXbUahrBbesIC0Xb1/xrRW6vQK3Vnhrhbet+NYKb7firRW4pULcVry9wmyx6PYK3FrxthXe' +
    'ssK3Vrx9hbdSkNsK3Vph7RbfWqHbK7jNirdW8NaKb63wdhQu3cZIxKEWgVkQsnjaSV7JFozd64DHp2wA3zkuOn6VTxyvjttx9/g6' +
    'bo7j4xOQo+M9OfVxcTw/7o/v43acOi6eXBzPkR8cR473cXwcOi7McrxzcvndyQVxsqPdJm/Dt3FiQtMPaoiTK/KxkQYcCgBoFBYW' +
    'FgwMDA0NDRcXF4DKqPCVA5FLSWpUOjIIKAgkCF5BkBAoBAjBnxAkCRBSvTkN26zT5rptXLfNddqou03rtKFOm+pgg5026rYxHW6o' +
    '06Y6bairjbptrLMN6rSpzhrutKFuG+e8YZ02q9OGOm3U2cY6baizTXWoAU8bddsoFxzqtGmdNqjTRt021mmDOm2qsw112lS3jXXY' +
    'YEeb6rQhHTfqbGOdNtRpU11tqLONum1YZw132lSnDea8sW4b67RJnTbVaUMdbdTdxjpqwKO1gVa3FIp4HHdF9vMaUElGfIMWUjn4' +
    'U7x9HVC8HPHLBVgApq6lwuyF3xe+Xvi98PvC74XPDb9f+P3wd2Hvhd8Lvxf2vfB74ffCvw+/F37b8Hnh98JvC78Xfi/8feH3wlcx' +
    '4q1RiaM5Ow8lnslfKNy3BRSrFJwHAGgODg4YGBgFDw8PGRkZgIio8BkDcU9JQVElByIIIAgwCE4QKAQ3BAgBwjBYgv+ETfgtB9j9' +
    'OuBvAYCpH6fjd1we5/F/PI/3kKPjkPzx8RxHx+H4jrvj+nhk8hwHyPHH2eM7fsfpcR7/x0ErP9A/3rm0eNDj+rCeLJTcmqBGnARe' +
    'yBRE+mE8oBrgfR2weNoFWACmPthD52Non0P5MbSfhv5p6D+G4oEon0PzWRQ7h/Z5aD6G9jG0H4b2eaifhraz6B9D/YMoHkPzc2g+' +
    'h/JxaJ+H8mloH4eWwyjuoz80YynxoMd1yDVYKLk1QUXTwEMwhKnPAl0BADgGEBAQGhoaDvyPIyo30D/eubR40OP6EBsslNyaoEac' +
    'BF7INEf8GUNIqAxGx7sa',
  'base64',
);

// zstd -1 --long=31 of the same from a pipe: a window of 2 GiB.
const long = Buffer.from(
  'KLUv/QSozAgAggYRCRAw6gOYt8+GAv8/BEFwzimljDH+v7t3NzPvrqqGQQh3Z2ZVRUQzIyJBEAAAMMYQQsSZWVURkbt3NzPvrqpmJiLeEQWAhajR' +
    'h+x/B7CDgtRoDhJ4BIFHEEAQeAQCjSAEf0IQyN8MFf86oLXcvuJbK/TWim5f8a0VvmUFt1f81opuWdEtFeJyRbdX3DaLbl3x7RW+ZUW3r/itFd6y' +
    'gtspzmVFt1ZsrRbesqLbK751RbdX/PYKv2VFt1HAdRsjwSZizHeUkYjPevJKyKviXwfkeDuejvv4P47j9Hgf/+P+uARycJyN5xxHx/04HNfHe9wf' +
    '/06uj3Px6ON8PI/D43RcaO/y8c7J27OH7lshPqgQJ2T0Q8RTTAXsDwDwFBYWFgwMDA4QEBASEhIUFBYWDAwMDQ0NFxcXCwsLgKWowINkWAOBBIwQ' +
    'EaQINccCNxJwMBgEDAHEwwg4hiKACBoChwBhCBKCn0EgIr8ZFf86gEJ5dyL4aXq2y/+OyKJSCcX+7jbBj3J66pKjJp9KJQX2dzeDn9UzPP57ReZM' +
    'Qljdd8LcHDarrw5vrfbhre3WacYJvr/edPi0V0XMJERjf3eX4Hv+euvcK9Q5k5DD/u468Ifshe9ebWp6igHxTEKG4dT+IPUYGP30Etb22HmOUJ9K' +
    'JQ9L1VfPuWu5H3dR8H/3DrcnjppUKpUUz6nNLbTHwOjHHQt+On+vXX5RUq9UslrrJo4Muxb26QTEFLJFnxYWj+M4oeTDNeeoHEYopGumlOh91wEU' +
    'qwVokxCo7rt2m5O5oqvOqQB1hbd2sb+7Dvw5vYTyla8WZiYhC/u7+8G3vdNT53xl7kxCVOzv7gffrd40Pu2bmuR9zCCZSYi5/u564M9x9dXhHJlv' +
    'pRKZ7jt7N4dfLzt83Xqhhbe2sL+7G3z3v9467+hwqFTysL+7Kvgze4G6V44WMpVKTtt3VuQdth3W2d8eu+moqVCppKiacPkAYHsvHMGf3Uu/vXq1' +
    'UGcSsvvA6x125xx8sUEqf68dgZwLboPmAWi+XWATPjHSKCOJB/lLXsX3/I3/HdQMAKgMDA0NDQ4ODhgYGAUPDw8ZGRkGDw+AlajQpc3RBURIDCIE' +
    'WTJDDxJIEMAQQCCEYQgaBGEYAgiiIQYi+J8hiOmdAxX/OuBS4+ZQnGc0d5u/N4+b/zWPm/+bh5n/az7s+a75n80nxg9yl93Pb/EUG8ebe2/aT3rG' +
    'wFxN8V16p12razFu9eWDWen1nkn7YY98QVTOB4eLnQO87W6773ZCWaoeOB/qF8zu3NjUlmfiox0nn2tMBUtXKlLTJq/iAsUvg6yfSck80H0ltg6Y' +
    'r9TOmYQQ0fw6YPqqEGYSonXz64DJpqYAbDHWmYSU1/w6YHJUiFQqEWj+jeYTI9RWe+GtkVC+AFCOdaYjs0OlErTZF8Ds/5HQSG2oUonMrcXcdySY' +
    'Le9RU5JKJTzH2HPfvSZiRR0thFQqgXck2r9031Fo3Jq+MuszCRF3t7TP6r7bYEFUfaWeaBIi5eK1L9h9BzqUJXX6YIW3RqbQUW4lqHbFcKyzsFIx' +
    'faU+Mwmxd+m0l+2+g23fj35VmJmE6ImHhkeHFmjOnyZ5BTpJ8T4F/QEAOAYQEBAaGhoQAM2FCMdBBSAE4J2DFeYcdQNHTbQCKpVAFaqAAoXjghUA' +
    'BxUAYuYctQvEiaoAOGaUMWZgSOWuRse7Gg==',
  'base64',
);

function unpack(packed: Uint8Array, onProgress?: (progress: UnpackProgress) => void): UnpackedSource {
  return unpackSource(new BytesSource(packed, 'x.packed'), { folder, onProgress });
}

function contentOf({ source }: UnpackedSource): Uint8Array {
  const content = new Uint8Array(source.size);
  expect(source.read(0, content)).toBe(source.size);
  source.close();
  return content;
}

/** As `toEqual`, which takes a second for so many. */
function sameBytes(found: Uint8Array, expected: Uint8Array): boolean {
  return Buffer.compare(found, expected) === 0;
}

function frame(window: number, ...blocks: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, window, ...blocks.flat()]);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

describe('a source in zlib', () => {
  it('is unpacked, as LiME packs it', () => {
    const unpacked = unpack(deflateSync(bytes));
    expect(unpacked.findings).toMatchObject([{ what: 'unpacked', evidence: 'the file begins as zlib does' }]);
    expect(contentOf(unpacked)).toEqual(bytes);
  });

  it('that is cut gives what is there', () => {
    const packed = deflateSync(bytes);
    const unpacked = unpack(packed.subarray(0, packed.length / 2));
    expect(unpacked.findings).toMatchObject([{ what: 'unpacked' }, { what: 'truncated' }]);
    const content = contentOf(unpacked);
    expect(content).toEqual(bytes.subarray(0, content.length));
  });

  it('is not seen in memory that begins with the same two bytes', () => {
    for (const rest of [0, 0xff, 0x5a]) {
      const memory = new Uint8Array(8192).fill(rest);
      memory.set([0x78, 0x9c]);
      const source = new BytesSource(memory);
      expect(unpackSource(source)).toEqual({ source, findings: [] });
    }
  });
});

describe('unpackSource', () => {
  it.each([
    ['gzip', gzipSync(bytes), 'gunzip'],
    ['zstd', zstd, 'unzstd'],
    ['zstd', long, 'unzstd'],
  ])('unpacks %s, and says so', (name, packed, command) => {
    const unpacked = unpack(packed);
    expect(unpacked.source.name).toBe('x.packed');
    expect(unpacked.findings).toEqual([
      {
        what: 'unpacked',
        value: `400000 bytes, into a temporary file; to avoid this each time, run ${command} once`,
        evidence: `the file begins as ${name} does`,
      },
    ]);
    expect(sameBytes(contentOf(unpacked), bytes)).toBe(true);
    expect(() => unpacked.source.read(0, new Uint8Array(1))).toThrow(code('SOURCE_CLOSED'));
  });

  it('leaves any other source as it is', () => {
    for (const content of [new Uint8Array(0), Uint8Array.of(0x1f, 0x8b), new Uint8Array(65536)]) {
      const source = new BytesSource(content);
      expect(unpackSource(source, { folder: '/no/such/folder' })).toEqual({ source, findings: [] });
      expect(unpackSource(source).source).toBe(source);
    }
  });

  it('takes several members and frames as one', () => {
    const half = 200_000;
    const members = joined(gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half)));
    expect(sameBytes(contentOf(unpack(members)), bytes)).toBe(true);
    const skippable = Uint8Array.of(0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
    const small = Uint8Array.from({ length: 300 }, (_, at) => at);
    const frames = joined(zstdFrame(small), skippable, zstd, zstdFrame(new Uint8Array(5000).fill(9)));
    const content = contentOf(unpack(frames));
    expect(sameBytes(content, joined(small, bytes, new Uint8Array(5000).fill(9)))).toBe(true);
  });

  it.each([1, 100, 300_000])('gzip may be followed by %i zeros, but by nothing else', (length) => {
    const unpacked = unpack(joined(gzipSync(bytes), new Uint8Array(length)));
    expect(sameBytes(contentOf(unpacked), bytes)).toBe(true);
    expect(unpacked.findings).toHaveLength(1);
    const { source, findings } = unpack(joined(gzipSync(bytes), new Uint8Array(length).fill(0x55)));
    expect(findings.map(({ what }) => what)).toEqual(['unpacked', 'truncated']);
    expect(source.size).toBeGreaterThan(bytes.length - 65_536);
    source.close();
  });

  it('closes what it has unpacked, and nothing that it has not', () => {
    let closed = 0;
    const source = new BytesSource(gzipSync(bytes));
    source.close = () => {
      closed += 1;
    };
    unpackSource(source, { folder }).source.close();
    expect(closed).toBe(1);
    expect(() => unpackSource(source, { folder: join(folder, 'none') })).toThrow(
      code('SOURCE_UNPACK_FAILED'),
    );
    expect(closed).toBe(1);
  });

  it('tells how far it has come', () => {
    const told: UnpackProgress[] = [];
    const random = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 2654435761) >>> 13);
    const packed = gzipSync(random, { level: 0 });
    unpack(packed, (progress) => told.push(progress)).source.close();
    const common = {
      name: 'x.packed',
      compression: 'gzip',
      folder,
      packedSize: packed.length,
      unpackedSize: undefined,
    };
    expect(told[0]).toEqual({ ...common, free: expect.any(Number), packed: 0, unpacked: 0 });
    expect(told.at(-1)).toEqual({
      ...common,
      free: told[0]?.free,
      packed: packed.length,
      unpacked: random.length,
    });
    const claims: UnpackProgress[] = [];
    unpack(zstd, (progress) => claims.push(progress)).source.close();
    expect(claims[0]).toMatchObject({ compression: 'zstd', unpackedSize: undefined, unpacked: 0 });
    unpack(zstdFrame(bytes.subarray(0, 300)), (progress) => claims.push(progress)).source.close();
    expect(claims.at(-1)).toMatchObject({ compression: 'zstd', unpackedSize: 300, unpacked: 300 });
    expect(told.map(({ packed: at }) => at)).toEqual([0, 65536, 131072, 196608, packed.length]);
  });

  it.runIf(process.platform === 'linux')('leaves no file behind, and no zeros in it', () => {
    const { source } = unpack(gzipSync(joinedSparse(), { level: 1 }));
    expect(readdirSync(folder)).toEqual([]);
    const open = readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(folder));
    expect(open.map((fd) => linkOf(fd).endsWith(' (deleted)'))).toEqual([true]);
    const { size, blocks } = statSync(`/proc/self/fd/${open[0]}`);
    expect([size, source.size]).toEqual([64 * 1024 * 1024, 64 * 1024 * 1024]);
    expect(blocks * 512).toBeLessThan(1024 * 1024);
    const into = new Uint8Array(3);
    source.read(10_000_001, into);
    expect([...into]).toEqual([0, 7, 0]);
    source.close();
    expect(readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(folder))).toEqual([]);
  });
});

/** 64 MiB that are zero but for one byte. */
function joinedSparse(): Uint8Array {
  const sparse = new Uint8Array(64 * 1024 * 1024);
  sparse[10_000_002] = 7;
  return sparse;
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The one that the folder was listed by.
    return '';
  }
}

describe('a PANDA recording in rr2 form', () => {
  it('is the stream in a tar archive in gzip', () => {
    const page = new Uint8Array(4096).map((_, index) => index * 3);
    const snapshot = writeQemuStream({
      machine: 'pc-i440fx-7.2',
      blocks: [{ name: 'pc.ram', length: 65536 }],
      rounds: [[{ block: 'pc.ram', page: 1, bytes: page }]],
    });
    const archive = writeTar(
      [
        { name: 'RRv2', bytes: new Uint8Array(0) },
        { name: 'snapshot', bytes: snapshot },
      ],
      'octal',
    );
    const dump = openDump(unpack(gzipSync(archive)).source);
    expect([dump.format, dump.memory.page(1)?.bytes]).toEqual(['qemu-stream', page]);
    dump.close();
  });
});

describe('what is damaged', () => {
  const core = writeElfCore({
    machine: 'x86_64',
    segments: [{ physical: 0, bytes: bytes.subarray(0, 90 * 4096) }],
  });

  it.each([
    ['gzip', gzipSync(core)],
    ['zstd', joined(zstdFrame(core.subarray(0, 65_536)), zstdFrame(core.subarray(65_536, 131_072)))],
  ])('a %s file that is cut is a dump that is cut', (_, packed) => {
    const { source, findings } = unpack(packed.subarray(0, Math.floor(packed.length * 0.7)));
    expect(findings.map(({ what }) => what)).toEqual(['unpacked', 'truncated']);
    expect(findings[1]?.evidence).toBe('the compressed file is damaged or cut: unexpected end of file');
    const dump = openDump(source);
    expect(dump.memory.page(2)?.bytes).toEqual(bytes.subarray(2 * 4096, 3 * 4096));
    expect(dump.memory.hole(89).code).toBe('DUMP_TRUNCATED');
    dump.close();
  });

  it('gzip compares its checksum', () => {
    const packed = gzipSync(bytes);
    packed[packed.length - 6] = (packed[packed.length - 6] ?? 0) ^ 1;
    const { source, findings } = unpack(packed);
    expect(findings[1]?.evidence).toBe('the compressed file is damaged or cut: incorrect data check');
    expect(source.size).toBeGreaterThan(bytes.length - 65_536);
    source.close();
  });

  it.each([
    ['gzip: nothing but a header', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)],
    ['gzip: an empty file', gzipSync(new Uint8Array(0))],
    ['zstd: nothing but a header', frame(0)],
    ['zstd: a block of a kind that there is not', frame(0, [7, 0, 0])],
  ])('%s gives nothing', (_, packed) => {
    expect(() => unpack(packed)).toThrow(code('SOURCE_UNPACK_FAILED'));
  });

  it('any damage gives a source or an OsiError', () => {
    const subjects = [gzipSync(bytes), zstd, long, joined(zstdFrame(bytes.subarray(0, 300)), zstd)];
    fc.assert(
      fc.property(
        fc.constantFrom(...subjects),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        (packed, changes) => {
          const damaged = Uint8Array.from(packed);
          for (const [at, value] of changes) damaged[4 + (at % (damaged.length - 4))] = value;
          try {
            const { source } = unpack(damaged);
            expect(source.size).toBeLessThan(200_000_000);
            source.close();
          } catch (error) {
            expect(OsiError.is(error)).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the first bytes of a source', () => {
  it.each([
    ['as it is', bytes],
    ['in gzip', gzipSync(bytes)],
    ['in zstd', zstd],
  ])('are had of one %s', (_, packed) => {
    const source = new BytesSource(packed);
    expect(sameBytes(peekSource(source, 4096), bytes.subarray(0, 4096))).toBe(true);
    expect(peekSource(source, bytes.length + 1).length).toBe(bytes.length);
  });

  it('are none of what is no gzip behind its first bytes', () => {
    expect(peekSource(new BytesSource(Uint8Array.of(0x1f, 0x8b, 8, 0xff, 1, 2, 3)), 16)).toEqual(
      new Uint8Array(0),
    );
  });
});
