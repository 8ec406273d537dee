import { OsiError } from '@osi-linux/core';
import { writeTar } from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import { BytesSource } from '../sources/byte-source';
import { openDump } from './formats';

function starting(magic: string, at = 0, size = 70_000): BytesSource {
  const bytes = new Uint8Array(size);
  for (const [index, character] of [...magic].entries()) bytes[at + index] = character.charCodeAt(0);
  return new BytesSource(bytes, 'x.dump');
}

describe('openDump', () => {
  it.each([
    ['DISKDUMP', 0, 'a diskdump file'],
    ['\x1f\x8b\x08', 0, 'gzip-compressed'],
    ['PAGEDU64', 0, 'a Windows crash dump'],
    ['QFI\xfb', 0, 'a qcow2 disk image'],
    ['S1SUSPEND\0', 4086, 'a Linux hibernation image'],
    ['LINHIB0001', 4086, 'a Linux hibernation image'],
    ['\x14\x20\x28\x01', 0, 'a Hyper-V saved state'],
    ['Xen saved domain, xl format\n', 0, 'a Xen save file'],
    ['\xed\xeb\x0f\xf0', 0, 'a Xen core'],
    ['\x7f\x10\xda\xbe', 64, 'a VirtualBox disk image'],
    ['EFI PART', 512, 'a disk image'],
    ['\xed\x23\x8f\x61\x73\x01\x19\xa8', 0, 'an LKCD dump'],
    ['sadump\0\0', 0, 'a sadump file'],
    ['sadump\0\0', 4096, 'a sadump file'],
    ['HdrS', 514, 'a kernel image'],
    ['Rar!\x1a\x07\x01\0', 0, 'a RAR archive'],
    ['EVF\t\r\n\xff\0', 0, 'an EWF (E01) image'],
    ['HPAK', 0, 'an HPAK file'],
    ['\x78\x9c', 0, 'zlib-compressed'],
  ])('names %j at %i', (magic, at, name) => {
    let error: unknown;
    try {
      openDump(starting(magic, at));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'DUMP_FORMAT_UNSUPPORTED', fields: { format: name } });
    expect((error as OsiError).hint).toBeTruthy();
    expect((error as OsiError).message).toBe(`x.dump is ${name}, a format that is not supported`);
  });

  it('names the compressed dumps of DumpIt by the name of the file', () => {
    const source = new BytesSource(new Uint8Array(70_000), 'guest.zdmp');
    expect(() => openDump(source)).toThrow('guest.zdmp is a compressed Windows crash dump (zdmp)');
  });

  it('points from a kernel image to the command that reads it', () => {
    expect(() => openDump(starting('HdrS', 514))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('run osi-linux kconf derive FILE') }),
    );
  });

  it('takes memory that happens to begin as a zlib stream does', () => {
    expect(openDump(starting('\x78\x9c', 0, 69_632)).format).toBe('raw');
  });

  it('names them also where the file is tiny', () => {
    expect(() => openDump(starting('DISKDUMP', 0, 8))).toThrow(
      expect.objectContaining({ code: 'DUMP_FORMAT_UNSUPPORTED' }),
    );
  });

  it('names a tar archive without a stream, whatever its size', () => {
    const archive = writeTar([{ name: 'dump.raw', bytes: new Uint8Array(70_000) }], 'octal');
    expect(() => openDump(new BytesSource(archive, 'x.tar'))).toThrow(
      'x.tar is a tar archive without a QEMU stream, a format that is not supported',
    );
    expect(openDump(new BytesSource(archive), { format: 'raw' }).format).toBe('raw');
  });

  it('shows the first bytes of what it does not know', () => {
    expect(() => openDump(starting('hello', 0, 65_535))).toThrow(
      'x.dump is not a dump in a known format: the file begins with 68656c6c6f0000000000000000000000 and has 65535 bytes',
    );
    expect(() => openDump(new BytesSource(new Uint8Array(0)))).toThrow(
      'bytes in memory is not a dump in a known format: the file is empty',
    );
  });

  it('takes a format by name, whatever the file begins with', () => {
    expect(openDump(starting('\x1f\x8b\x08'), { format: 'raw' }).format).toBe('raw');
    expect(() => openDump(starting(''), { format: 'lime2' })).toThrow(
      expect.objectContaining({
        code: 'DUMP_FORMAT_UNKNOWN',
        hint: expect.stringMatching(/^expected one of elf, .*raw$/),
      }),
    );
  });
});

describe('raw', () => {
  const bytes = Uint8Array.from({ length: 65_536 + 100 }, (_, index) => index >> 4);

  it('has each page at its file offset', () => {
    const { memory, cpus, findings } = openDump(new BytesSource(bytes.subarray(0, 65_536)));
    expect([memory.ranges, cpus, findings]).toEqual([[{ start: 0, end: 65_536 }], [], []]);
    expect(memory.page(3)?.bytes).toEqual(bytes.subarray(3 * 4096, 4 * 4096));
    expect(memory.page(16)).toBeUndefined();
    expect(memory.hole(16).code).toBe('PHYSICAL_HOLE');
  });

  it('says that its last page is cut off', () => {
    const { memory, findings } = openDump(new BytesSource(bytes));
    expect(findings).toEqual([
      {
        what: 'truncated',
        value: 'the last 100 bytes are not a whole page',
        evidence: '65636 bytes are not a multiple of 4096',
      },
    ]);
    expect([memory.page(16), memory.hole(16).code]).toEqual([undefined, 'DUMP_TRUNCATED']);
    expect(memory.ranges).toEqual([{ start: 0, end: 65_536 }]);
    expect(memory.hole(0x20).code).toBe('PHYSICAL_HOLE');
  });

  it('leaves odd frame numbers alone', () => {
    const { memory } = openDump(new BytesSource(bytes));
    for (const frame of [-1, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY])
      expect(memory.page(frame)).toBeUndefined();
    expect(OsiError.is(memory.hole(-1))).toBe(true);
  });

  it('closes its source', () => {
    const source = new BytesSource(bytes);
    let closed = 0;
    source.close = () => {
      closed += 1;
    };
    openDump(source).close();
    expect(closed).toBe(1);
  });
});
