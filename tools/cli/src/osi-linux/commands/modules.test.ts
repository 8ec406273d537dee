import { createListing, OsiError } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { LinuxModule } from '@osi-linux/osi-linux';
import { describe, expect, it } from 'vitest';
import { modules } from './modules';

const reason = new OsiError('STRUCT_IMPLAUSIBLE', 'no module');
const subject = { kind: 'module', name: 'jbd2', field: 'base' } as const;
const found: LinuxModule[] = [
  { name: 'ext4', base: 0xffffffffc0000000n, size: 0x3000, modd: 0xffffffffc0002040n },
  { name: 'jbd2', base: null, size: null, modd: 0xffffffffc0012040n },
];
const guest = {
  linux: { getModules: () => createListing(found, [{ subject, reason }]) },
} as unknown as Guest;

describe('osi-linux modules', () => {
  it('has addresses in hex, sizes as numbers, and the whole list whatever --pid says', () => {
    expect(modules.list(guest, { pids: [1], cpu: undefined, threads: false, ownRoot: false })).toEqual({
      rows: [
        { name: 'ext4', base: '0xffffffffc0000000', size: 12288, modd: '0xffffffffc0002040' },
        { name: 'jbd2', base: null, size: null, modd: '0xffffffffc0012040' },
      ],
      skipped: [{ subject, reason }],
    });
  });
});
