import { createListing, formatSubject, OsiError } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { LinuxMapping } from '@osi-linux/osi-linux';
import { describe, expect, it } from 'vitest';
import { maps } from './maps';

const reason = new OsiError('STRUCT_IMPLAUSIBLE', 'no vm_area_struct');
const mapping = (row: Partial<LinuxMapping>): LinuxMapping => ({
  pid: 1,
  modd: 0xffff888004a39c80n,
  base: 0x401000n,
  size: 4096,
  file: '/bin/x (deleted)',
  name: 'x',
  offset: 4096n,
  flags: 0x8000075n,
  perms: 'r-xp',
  ...row,
});
const found = [
  mapping({}),
  mapping({ pid: 9, tid: 10, file: null, name: '[heap]', offset: 0n }),
  mapping({
    pid: 9,
    base: 0x7ffff7fff000n,
    offset: 2n ** 60n,
    file: null,
    name: null,
    flags: null,
    perms: null,
  }),
];
const asked: unknown[] = [];
const guest = {
  linux: {
    getMappings: (selection: unknown) => {
      asked.push(selection);
      return createListing(found, [
        { subject: { kind: 'mapping', pid: 1, struct: 'vm_area_struct', address: 0x10n }, reason },
        { subject: { kind: 'mapping', pid: 9, base: 0x7ffff7fff000n, field: 'file' }, reason },
      ]);
    },
    getProcesses: () => createListing([{ pid: 1 }, { pid: 2 }, { pid: 9 }], []),
  },
} as unknown as Guest;

const list = (pids: readonly number[]) =>
  maps.list(guest, { pids, cpu: undefined, threads: true, ownRoot: false });

describe('osi-linux maps', () => {
  it('has addresses and flags in hex, sizes and offsets as numbers while they are exact', () => {
    expect(list([]).rows).toEqual([
      {
        pid: 1,
        base: '0x401000',
        size: 4096,
        name: 'x',
        file: '/bin/x (deleted)',
        offset: 4096,
        flags: '0x8000075',
        perms: 'r-xp',
        modd: '0xffff888004a39c80',
      },
      expect.objectContaining({ pid: 9, tid: 10, name: '[heap]', file: null, offset: 0 }),
      expect.objectContaining({ offset: '1152921504606846976', name: null, flags: null, perms: null }),
    ]);
    expect(list([]).rows[0]).not.toHaveProperty('tid');
  });

  it('reads only the processes that are asked for', () => {
    asked.length = 0;
    const { rows, skipped } = list([9]);
    expect(asked).toEqual([{ pids: [9], threads: true, ownRoot: false }]);
    expect(rows.map(({ pid }) => pid)).toEqual([9, 9]);
    expect(skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      'pid 9: mapping 0x7ffff7fff000: file',
    ]);
  });

  it('has no rows and no complaint for a thread of the kernel, and one for what is not there', () => {
    expect(list([2])).toEqual({ rows: [], skipped: [] });
    expect(list([3]).skipped.map((record) => record.reason.code)).toEqual(['PROCESS_UNKNOWN']);
  });
});
