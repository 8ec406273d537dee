import type { LinuxProcess } from '@osi-linux/osi-linux';
import { describe, expect, it } from 'vitest';
import { diffRow, diffTableRow } from './diff';

const mapping = {
  ...{ pid: 7, base: 0x1000n, modd: 0xc1000000n, size: 8192, file: null, name: '[heap]', offset: 0n },
  ...{ flags: 0x73n, perms: 'rw-p' },
};
const changed = {
  change: 'changed',
  kind: 'mapping',
  row: mapping,
  before: { size: 4096, flags: 0x71n },
} as const;

describe('a change', () => {
  it('has the fields of its listing, and those that differ as they were', () => {
    expect(diffRow(changed)).toEqual({
      ...{ change: 'changed', kind: 'mapping', pid: 7, base: '0x1000', modd: '0xc1000000', size: 8192 },
      ...{ file: null, name: '[heap]', offset: 0, flags: '0x73', perms: 'rw-p' },
      before: { size: 4096, flags: '0x71' },
    });
    const { before: _, ...gone } = changed;
    expect(diffRow({ ...gone, change: 'removed' })).not.toHaveProperty('before');
  });

  it('has its file descriptor and position as files tells them', () => {
    const row = { pid: 7, fd: 3, filename: 'pipe:[5]', pos: 2n ** 60n, flags: 0o100002 };
    expect(diffRow({ change: 'added', kind: 'file', row })).toEqual({
      ...{ change: 'added', kind: 'file', pid: 7, fd: 3, filename: 'pipe:[5]' },
      ...{ pos: '1152921504606846976', flags: '0x8002' },
    });
  });

  it('of a process that went counts the rows that are left out', () => {
    const row = { pid: 7, name: 'sh' } as LinuxProcess;
    const gone = { change: 'removed', kind: 'process', row, folded: { mapping: 20, file: 1 } } as const;
    expect(diffRow(gone)).toEqual({
      ...{ change: 'removed', kind: 'process', pid: 7, name: 'sh' },
      folded: { mapping: 20, file: 1 },
    });
    expect(diffTableRow(gone)).toMatchObject({ what: 'sh', fields: '20 mappings, 1 file' });
  });

  it('of a mount and of the log names it', () => {
    const mount = { id: 9, parent: 1, root: '/', mountpoint: '/mnt', fstype: 'ext4', source: '/dev/vdb' };
    expect(diffTableRow({ change: 'added', kind: 'mount', row: mount })).toMatchObject({
      ...{ pid: null, what: '9 /mnt /dev/vdb' },
    });
    const record = { time: 1.5, level: 6, text: 'loop: module loaded' };
    expect(diffRow({ change: 'added', kind: 'log', row: record })).toEqual({
      ...{ change: 'added', kind: 'log', ...record },
    });
    expect(diffTableRow({ change: 'added', kind: 'log', row: record })['what']).toBe(
      '1.5 loop: module loaded',
    );
  });

  it('tells people what it is, and what differs, without control characters', () => {
    expect(diffTableRow(changed)).toEqual({
      ...{ change: 'changed', kind: 'mapping', pid: 7, what: '0x1000 [heap]' },
      fields: 'size: 4096 -> 8192, flags: 0x71 -> 0x73',
    });
    const row = { tid: 8, pid: 7, taskd: 5n, name: 'x\u001b[31m' };
    const renamed = { change: 'changed', kind: 'thread', row, before: { name: 'y' } } as const;
    expect(diffTableRow(renamed)['fields']).toBe('name: y -> x\\x1b[31m');
  });
});
