import { createListing, OsiError } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { LinuxLogRecord } from '@osi-linux/osi-linux';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { describe, expect, it } from 'vitest';
import { dmesg } from './dmesg';

const reason = new OsiError('STRUCT_IMPLAUSIBLE', 'no text');
const subject = { kind: 'log-record', first: 1, last: 1, field: 'text' } as const;
const found: LinuxLogRecord[] = [
  { time: 1.234567891, level: 6, text: 'two\nlines' },
  { time: 2, level: 4, text: null },
];
const guestWith = (info: object) =>
  ({
    linux: { kernel: { info }, getLog: () => createListing(found, [{ subject, reason }]) },
    dump: { memory: new FakePhysicalMemory(), cpus: [] },
  }) as unknown as Guest;
const answer = (info: object) =>
  dmesg.list(guestWith(info), { pids: [1], cpu: undefined, threads: false, ownRoot: false });

describe('osi-linux dmesg', () => {
  it('has times in seconds, texts with their newlines, and the whole log whatever --pid says', () => {
    expect(answer({ 'log.prb_addr': 0xffffffff82000000n })).toEqual({
      rows: [
        { time: 1.234567891, level: 6, text: 'two\nlines' },
        { time: 2, level: 4, text: null },
      ],
      skipped: [{ subject, reason }],
    });
  });

  it('is what the profile gives where it has no keys of the log, and memory no VMCOREINFO', () => {
    expect(answer({})).toEqual(answer({ 'log.log_buf_addr': 0xffffffff82000000n }));
  });
});
