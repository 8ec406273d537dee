import { describe, expect, it } from 'vitest';
import { makeTruth } from './internal/made-truth';
import { plantFaults } from './planted-faults';
import { truthChecks } from './truth-checks';

const TRUTH = makeTruth(
  { init: [1], sh: [7, 70] },
  {
    '/proc/modules': 'loop 40960 0 - Live 0xffffffffc0300000\ndummy 16384 0 - Live 0xffffffffc0200000\n',
    '/proc/1/mountinfo': '30 1 0:2 / / rw - rootfs none rw\n31 30 0:20 / /p rw - proc proc rw\n',
    '/proc/7/mountinfo': '40 30 0:20 /x / rw - proc proc rw\n',
    '/dev/kmsg': '6,0,1000,-;one\n4,1,2000,-;two\n',
  },
);

describe('plantFaults', () => {
  it('does to the rows of pid 1 what is wrong', () => {
    const rows = [{ pid: 0 }, { pid: 1, fd: 0 }, { pid: 1, fd: 1 }];
    const wrong = Object.fromEntries(plantFaults(rows).map(({ fault, rows }) => [fault, rows]));
    expect(wrong).toEqual({
      'another pid': [{ pid: 0 }, { pid: 'planted', fd: 0 }, { pid: 1, fd: 1 }],
      'another fd': [{ pid: 0 }, { pid: 1, fd: 'planted' }, { pid: 1, fd: 1 }],
      'a row missing': [{ pid: 0 }, { pid: 1, fd: 1 }],
      'a row too many': [{ pid: 0 }, { pid: 1, fd: 0 }, { pid: 4_194_303, fd: 0 }, { pid: 1, fd: 1 }],
      'a row twice': [{ pid: 0 }, { pid: 1, fd: 0 }, { pid: 1, fd: 0 }, { pid: 1, fd: 1 }],
      'two rows in turn': [{ pid: 0 }, { pid: 1, fd: 1 }, { pid: 1, fd: 0 }],
    });
    expect(plantFaults([])).toEqual([]);
  });
});

describe('truthChecks', () => {
  it('are those of what was asked', () => {
    const commands = (truth: typeof TRUTH) => truthChecks(truth).map(({ command }) => command);
    expect(commands(TRUTH)).toEqual([
      ...['ps', 'threads', 'maps', 'maps --threads', 'files', 'files --threads', 'modules', 'mounts'],
      ...['mounts --pid 7', 'env', 'sockets', 'dmesg'],
    ]);
    expect(commands(makeTruth({ init: [1] }, {}))).toEqual(['ps', 'threads']);
  });

  it.each([
    ['modules', { name: 'loop', base: '0xffffffffc0300000', size: 40960, modd: '0x1' }],
    ['mounts', { id: 30, parent: 1, root: '/', mountpoint: '/', fstype: 'rootfs', source: 'none' }],
    ['dmesg', { time: 0.001, level: 6, text: 'one' }],
  ])('find every fault that is planted in %s', (command, first) => {
    const check = truthChecks(TRUTH).find((candidate) => candidate.command === command);
    const second = {
      modules: { name: 'dummy', base: '0xffffffffc0200000', size: 16384, modd: '0x2' },
      mounts: { id: 31, parent: 30, root: '/', mountpoint: '/p', fstype: 'proc', source: 'proc' },
      dmesg: { time: 0.002, level: 4, text: 'two' },
    }[command as 'modules'];
    const rows = [first, second];
    expect(check?.compare(rows, [])).toEqual([]);
    for (const { fault, rows: wrong } of plantFaults(rows))
      expect(check?.compare(wrong, []).length, fault).toBeGreaterThan(0);
  });
});
