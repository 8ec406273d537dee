import { createListing, OsiError } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { LinuxLogRecord } from '@osi-linux/osi-linux';
import { describe, expect, it } from 'vitest';
import { dmesg } from './dmesg';

const reason = new OsiError('STRUCT_IMPLAUSIBLE', 'no text');
const subject = { kind: 'log-record', first: 1, last: 1, field: 'text' } as const;
const found: LinuxLogRecord[] = [
  { time: 1.234567891, level: 6, text: 'two\nlines' },
  { time: 2, level: 4, text: null },
];
const guest = {
  linux: {
    kernel: { info: { 'log.prb_addr': 1n } },
    getLog: () => createListing(found, [{ subject, reason }]),
  },
} as unknown as Guest;

describe('osi-linux dmesg', () => {
  it('has times in seconds, texts with their newlines, and the whole log whatever --pid says', () => {
    expect(dmesg.list(guest, { pids: [1], cpu: undefined, threads: false, ownRoot: false })).toEqual({
      rows: [
        { time: 1.234567891, level: 6, text: 'two\nlines' },
        { time: 2, level: 4, text: null },
      ],
      skipped: [{ subject, reason }],
    });
  });
});
