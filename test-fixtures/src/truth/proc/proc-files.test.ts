import { describe, expect, it } from 'vitest';
import { bytesOf } from '../internal/made-truth';
import { parseKernelLog } from './kernel-log';
import { parseFdInfo } from './proc-fd-info';
import { parseProcModules } from './proc-modules';
import { parseMountInfo } from './proc-mount-info';

describe('parseFdInfo', () => {
  it('reads decimal positions of any size and octal flags, whatever follows', () => {
    expect(parseFdInfo(bytesOf('pos:\t9223372036854775807\nflags:\t0\nmnt_id:\t9\nino:\t1\n'))).toEqual({
      pos: 9223372036854775807n,
      flags: 0n,
    });
    expect(parseFdInfo(bytesOf('pos:\t-1\nflags:\t02000000\neventfd-count: 5\n'))).toEqual({
      pos: -1n,
      flags: 0x80000n,
    });
    expect(() => parseFdInfo(bytesOf('flags:\t0\npos:\t0\n'))).toThrow('fdinfo does not begin with pos');
    expect(() => parseFdInfo(bytesOf('pos:\t0\nflags:\t8\n'))).toThrow('fdinfo');
  });
});

describe('parseMountInfo', () => {
  it('decodes what is escaped, and passes over optional fields', () => {
    const lines = bytesOf(
      '21 1 0:20 / / rw - rootfs none rw\n' +
        '36 21 0:31 /a\\040b\\134x//deleted /m\\011\\012\\043 rw,noatime shared:1 master:2 - fuse.some\\040fs a\\040-\\040b rw,x=1\n',
    );
    expect(parseMountInfo(lines)).toEqual([
      { id: 21, parent: 1, root: '/', mountpoint: '/', fstype: 'rootfs', source: 'none' },
      {
        ...{ id: 36, parent: 21, root: '/a b\\x//deleted', mountpoint: '/m\t\n#' },
        ...{ fstype: 'fuse.some fs', source: 'a - b' },
      },
    ]);
  });

  it('allows an empty source, a no-break space and what is no UTF-8', () => {
    expect(parseMountInfo(Buffer.from('37 21 0:32 / /\u00a0\r rw - tmpfs  rw\n'))).toEqual([
      { id: 37, parent: 21, root: '/', mountpoint: '/\u00a0\r', fstype: 'tmpfs', source: '' },
    ]);
    expect(parseMountInfo(bytesOf('37 21 0:32 /\xff / rw - tmpfs x rw\n'))[0]?.root).toBe('/\ufffd');
  });

  it('does not decode twice', () => {
    expect(parseMountInfo(bytesOf('1 1 0:1 / /\\134040 rw - t s rw\n'))[0]?.mountpoint).toBe('/\\040');
  });

  it('refuses other lines', () => {
    expect(() => parseMountInfo(bytesOf('1 1 0:1 / / rw tmpfs none rw\n'))).toThrow('mountinfo has a line');
  });
});

describe('parseProcModules', () => {
  it('reads names, sizes and addresses, newest first as they come', () => {
    const text =
      'task_truth 16384 0 - Live 0xffffffffc0a10000 (OE)\n' +
      'overlay 155648 1 - Live 0xf8a61000\n' +
      'libcrc32c 16384 2 nf_tables,nf_nat, Live 0xffffffffc09f0000 (E)\n' +
      'gone 4096 - - Unloading 0x0000000000000000 (E-)\n';
    expect(parseProcModules(bytesOf(text)).map(({ name, size, base }) => [name, size, base])).toEqual([
      ['task_truth', 16384, 0xffffffffc0a10000n],
      ['overlay', 155648, 0xf8a61000n],
      ['libcrc32c', 16384, 0xffffffffc09f0000n],
      ['gone', 4096, 0n],
    ]);
    expect(() => parseProcModules(bytesOf('overlay 155648\n'))).toThrow('modules has a line');
  });
});

describe('parseKernelLog', () => {
  it('reads level and facility, continuations, callers, escapes, and passes over the dictionary', () => {
    const text =
      '6,0,0,-;Linux version 6.1\n' +
      '12,1,1500000,c,caller=T1;user\\x5cnote; a;b\n' +
      ' SUBSYSTEM=pci\n DEVICE=+pci:0000\n' +
      '7,2,1500001,-;\n' +
      '0,9,99999999999,-;two\\x0alines \\xe2\\x82\\xac \\xff\\x1b\n';
    expect(parseKernelLog(bytesOf(text))).toEqual([
      { level: 6, sequence: 0, microseconds: 0, text: 'Linux version 6.1' },
      { level: 4, sequence: 1, microseconds: 1500000, text: 'user\\note; a;b' },
      { level: 7, sequence: 2, microseconds: 1500001, text: '' },
      { level: 0, sequence: 9, microseconds: 99999999999, text: 'two\nlines € \ufffd\x1b' },
    ]);
    expect(() => parseKernelLog(bytesOf('<6>no\n'))).toThrow('/dev/kmsg has a line');
  });
});
