import { CountingSource } from '@osi-linux/test-fixtures/dump-fuzz';
import { writeQemuStream, writeTar } from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import type { Dump } from '../../dump';
import { BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

const bytes = new Uint8Array(4096).map((_, index) => index * 3);
const stream = writeQemuStream({
  machine: 'pc-i440fx-7.2',
  blocks: [{ name: 'pc.ram', length: 65536 }],
  rounds: [[{ block: 'pc.ram', page: 1, bytes }]],
});

function open(file: Uint8Array): Dump {
  return openDump(new BytesSource(file, 'test.file'));
}

function code(name: string): unknown {
  return expect.objectContaining({ code: name });
}

/** A file of `virsh save`, by libvirt src/qemu/qemu_saveimage.h. */
function libvirtSave(magic: string, format: number, padding = 0): Uint8Array {
  const xml = new TextEncoder().encode('<domain/>\0');
  const start = 92 + xml.length + padding;
  const file = new Uint8Array(start + stream.length);
  file.set(new TextEncoder().encode(magic));
  const view = new DataView(file.buffer);
  for (const [index, word] of [2, xml.length, 1, format].entries())
    view.setUint32(16 + 4 * index, word, true);
  file.set(xml, 92);
  file.set(stream, start);
  return file;
}

describe('a libvirt save file', () => {
  it('is read behind its header and its XML', () => {
    const dump = open(libvirtSave('LibvirtQemudSave', 0));
    expect([dump.format, dump.findings]).toEqual(['qemu-stream', []]);
    expect(dump.memory.page(1)?.bytes).toEqual(bytes);
  });

  it('may be sparse, with the stream at the next mebibyte, or unfinished', () => {
    const dump = open(libvirtSave('LibvirtQemudPart', 6, 1024 * 1024 - 102));
    expect(dump.findings).toMatchObject([{ what: 'unfinished' }]);
    expect(dump.memory.page(1)?.bytes).toEqual(bytes);
  });

  it('that is compressed is named, with what to do', () => {
    expect(() => open(libvirtSave('LibvirtQemudSave', 3))).toThrow(code('DUMP_FORMAT_UNSUPPORTED'));
    expect(() => open(libvirtSave('LibvirtQemudSave', 3))).toThrow(/compressed by xz/);
    expect(() => open(libvirtSave('LibvirtQemudSave', 0).subarray(0, 60))).toThrow(code('DUMP_MALFORMED'));
  });
});

/** The sum over the header, with its own eight bytes as blanks. */
function withChecksum(archive: Uint8Array): Uint8Array {
  archive.fill(0x20, 148, 156);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return archive;
}

describe('a tar archive', () => {
  const before = { name: 'RRv2', bytes: new Uint8Array(0) };
  const after = { name: 'nondetlog', bytes: new Uint8Array(700).fill(1) };

  it.each(['octal', 'base-256', 'pax'] as const)('has the stream as a member, its size %s', (sizes) => {
    const dump = open(writeTar([before, { name: 'snapshot', bytes: stream }, after], sizes));
    expect([dump.format, dump.findings]).toEqual(['qemu-stream', []]);
    expect(dump.memory.page(1)?.bytes).toEqual(bytes);
  });

  it('may be cut inside of the stream', () => {
    const dump = open(writeTar([before, { name: 'snapshot', bytes: stream }], 'octal').subarray(0, 1500));
    expect(dump.findings).toMatchObject([{ what: 'truncated' }]);
    expect(dump.memory.hole(1)).toEqual(code('DUMP_TRUNCATED'));
  });

  it('with a size below 0 ends there', () => {
    const archive = writeTar([before], 'octal');
    archive.set(new TextEncoder().encode('-0000002000'), 124);
    const file = new Uint8Array(65536);
    file.set(withChecksum(archive));
    const source = new CountingSource('x.tar', file, { reads: 100, bytes: 1024 * 1024 });
    expect(() => openDump(source)).toThrow(code('DUMP_FORMAT_UNSUPPORTED'));
  });

  it('without a stream is not one', () => {
    expect(() => open(writeTar([before, after], 'octal'))).toThrow(code('DUMP_FORMAT_UNKNOWN'));
  });
});
