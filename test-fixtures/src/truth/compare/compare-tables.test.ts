import { describe, expect, it } from 'vitest';
import { makeTruth } from '../internal/made-truth';
import { KNOWN_DIFFERENCES } from '../known-differences';
import { TruthTree } from '../truth-tree';
import { compareDmesg } from './compare-dmesg';
import { compareEnv } from './compare-env';
import { compareFiles } from './compare-files';
import { compareMaps } from './compare-maps';
import { compareModules } from './compare-modules';
import { compareMounts, otherMountViews } from './compare-mounts';
import { countTruthRows } from './count-truth-rows';

const MOUNTS = '30 1 0:2 / / rw - rootfs none rw\n21 30 0:20 / /p\\040q rw - proc proc rw\n';
const TRUTH = makeTruth(
  { init: [1], jail: [7], cell: [8] },
  {
    '/proc/modules': 'loop 40960 0 - Live 0xffffffffc0300000\ndummy 16384 0 - Live 0xffffffffc0200000\n',
    '/proc/1/mountinfo': MOUNTS,
    '/proc/7/mountinfo': '40 30 0:20 /x / rw - proc proc rw\n',
    '/proc/8/mountinfo': '40 30 0:20 /x / rw - proc proc rw\n',
    '/dev/kmsg': '6,0,1000,-;one\n4,1,1000,-;two\\x0alines\n4,2,2000,-;same\n4,3,2000,-;same\n',
    '/proc/1/maps': '1000-2000 r--p 0 00:00 0 \n',
    '/proc/1/fd/3': ['link', 'socket:[5]'],
    '/proc/1/fd/4': ['link', 'pipe:[6]'],
  },
);

const MODULES = [
  { name: 'loop', base: '0xffffffffc0300000', size: 40960, modd: '0xffffffffc0302000' },
  { name: 'dummy', base: '0xffffffffc0200000', size: 16384, modd: '0xffffffffc0202000' },
];

describe('compareModules', () => {
  it('finds nothing wrong with the right rows', () => {
    expect(compareModules(TRUTH, MODULES)).toEqual([]);
  });

  it('reports wrong fields, rows too few and too many, and another order', () => {
    const [loop = {}, dummy = {}] = MODULES;
    expect(compareModules(TRUTH, [loop, { ...dummy, size: 1 }])).toEqual([
      'module dummy: size: expected 16384, received 1',
    ]);
    expect(compareModules(TRUTH, [loop, { ...dummy, base: '0x0' }])).toEqual([
      'module dummy: base: expected "0xffffffffc0200000", received "0x0"',
    ]);
    expect(compareModules(TRUTH, [loop, { ...dummy, modd: MODULES[0]?.modd }])).toEqual([
      'module dummy: modd: 0xffffffffc0302000 is no address of its own',
    ]);
    expect(compareModules(TRUTH, [loop])).toEqual(['missing row: module dummy']);
    expect(compareModules(TRUTH, [...MODULES, { ...dummy, name: 'x', modd: '0x1' }])).toEqual([
      'extra row: module x',
    ]);
    expect(compareModules(TRUTH, [dummy, loop])).toEqual(['order: expected module loop before module dummy']);
    expect(compareModules(makeTruth({}, {}), [])).toEqual(['the truth has no modules']);
  });
});

const ROWS = [
  { id: 21, parent: 30, root: '/', mountpoint: '/p q', fstype: 'proc', source: 'proc' },
  { id: 30, parent: 1, root: '/', mountpoint: '/', fstype: 'rootfs', source: 'none' },
];

describe('compareMounts', () => {
  it('finds nothing wrong with the right rows, which are ordered by id', () => {
    expect(compareMounts(TRUTH, ROWS)).toEqual([]);
    const inside = { id: 40, parent: 30, root: '/x', mountpoint: '/', fstype: 'proc', source: 'proc' };
    expect(compareMounts(TRUTH, [inside], { pid: 7 })).toEqual([]);
    expect(otherMountViews(TRUTH)).toEqual([7]);
  });

  it.each([
    [{ parent: 21 }, 'mount 21 "/p q": parent: expected 30, received 21'],
    [{ root: '/x' }, 'mount 21 "/p q": root: expected "/", received "/x"'],
    [{ mountpoint: '/p\\040q' }, 'mount 21 "/p q": mountpoint: expected "/p q", received "/p\\\\040q"'],
    [{ fstype: 'sysfs' }, 'mount 21 "/p q": fstype: expected "proc", received "sysfs"'],
    [{ source: null }, 'mount 21 "/p q": source: expected "proc", received null'],
  ])('reports %o', (fields, sentence) => {
    expect(compareMounts(TRUTH, [{ ...ROWS[0], ...fields }, ROWS[1]!])).toEqual([sentence]);
  });

  it('reports rows too few and too many, and another order', () => {
    expect(compareMounts(TRUTH, ROWS.slice(0, 1))).toEqual(['missing row: mount 30 "/"']);
    expect(compareMounts(TRUTH, [...ROWS, { ...ROWS[0], id: 50 }])).toEqual(['extra row: mount 50 "/p q"']);
    expect(compareMounts(TRUTH, [...ROWS].reverse())).toEqual(['order: expected 21 before 30']);
    expect(compareMounts(TRUTH, ROWS, { pid: 5 })).toEqual(['the truth has no mounts of pid 5']);
  });
});

const LOG = [
  { time: 0.001, level: 6, text: 'one' },
  { time: 0.001000999, level: 4, text: 'two\nlines' },
  { time: 0.0020005, level: 4, text: 'same' },
  { time: 0.0020006, level: 4, text: 'same' },
];

describe('compareDmesg', () => {
  it('finds nothing wrong with the right rows', () => {
    expect(compareDmesg(TRUTH, LOG)).toEqual([]);
  });

  it('reports wrong fields, rows too few and too many, and another order', () => {
    const [one = {}, two = {}, ...rest] = LOG;
    for (const fields of [{ time: 0.002 }, { level: 5 }, { text: 'two' }, { text: null }])
      expect(compareDmesg(TRUTH, [one, { ...two, ...fields }, ...rest]), JSON.stringify(fields)).toEqual([
        'missing row: 1000 us, level 4: "two\\nlines"',
        expect.stringMatching(/^extra row: /),
      ]);
    expect(compareDmesg(TRUTH, LOG.slice(0, 3))).toEqual(['missing row: 2000 us, level 4: "same" (2)']);
    expect(compareDmesg(TRUTH, [...LOG.slice(0, 3), rest[0]!, rest[0]!])).toEqual([
      'extra row: 2000 us, level 4: "same" (3)',
    ]);
    expect(compareDmesg(TRUTH, [two, one, ...rest])).toEqual([expect.stringMatching(/^order: /)]);
    expect(compareDmesg(makeTruth({}, {}), [])).toEqual(['the truth has no dmesg']);
  });

  it('lets pass what was printed later, if it is not much', () => {
    const later = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ time: 1 + index, level: 6, text: 'later' }));
    const passed: string[] = [];
    expect(compareDmesg(TRUTH, [...LOG, ...later(3)], { passed })).toEqual([]);
    expect(passed).toHaveLength(3);
    expect(compareDmesg(TRUTH, [...LOG, ...later(17)])).toHaveLength(17);
  });
});

describe('compareDmesg where the log is full', () => {
  const kmsg = (first: number) =>
    Array.from({ length: 40 }, (_, index) => `6,${first + index},${1000 + index},-;n\n`).join('');
  const rows = Array.from({ length: 40 }, (_, index) => ({
    time: (1000 + index) / 1e6,
    level: 6,
    text: 'n',
  }));
  const full = makeTruth({}, { '/dev/kmsg': kmsg(5) });

  it('lets pass that a few of the oldest records were pushed out', () => {
    const passed: string[] = [];
    expect(compareDmesg(full, rows.slice(2), { passed })).toEqual([]);
    expect(passed).toEqual(['pushed out: 1000 us, level 6: "n"', 'pushed out: 1001 us, level 6: "n"']);
  });

  it('lets pass no other', () => {
    expect(compareDmesg(full, rows.slice(17))).toHaveLength(17);
    expect(compareDmesg(full, [...rows.slice(0, 3), ...rows.slice(4)])).toHaveLength(1);
    expect(compareDmesg(full, [])).toHaveLength(40);
    expect(compareDmesg(makeTruth({}, { '/dev/kmsg': kmsg(0) }), rows.slice(2))).toHaveLength(2);
  });
});

describe('countTruthRows', () => {
  it('counts what can be compared', () => {
    const listings = ['maps', 'files', 'sockets', 'env', 'modules', 'mounts', 'dmesg'] as const;
    expect(listings.map((listing) => countTruthRows(TRUTH, listing))).toEqual([1, 2, 1, 3, 2, 2, 4]);
    expect(countTruthRows(makeTruth({ sh: [1] }, {}), 'env')).toBeUndefined();
  });

  it('does not take a guest for asked that was asked in part', () => {
    const records = [{ kind: 'file' as const, path: '/proc/1/maps', bytes: new Uint8Array() }];
    const one = { ...makeTruth({ sh: [1] }, {}), tree: new TruthTree(records) };
    const two = { ...makeTruth({ sh: [1], ash: [2] }, {}), tree: new TruthTree(records) };
    expect(compareMaps(one, [])).toEqual([]);
    expect(compareMaps(two, [])).toEqual(['the truth has no maps of pid 2']);
    expect(compareFiles(one, [])).toEqual(['the truth has no files']);
    expect(compareEnv(one, [])).toEqual(['the truth has no env']);
    expect([countTruthRows(one, 'maps'), countTruthRows(two, 'maps')]).toEqual([0, undefined]);
  });
});

describe('KNOWN_DIFFERENCES', () => {
  it('gives each a reason', () => {
    for (const { reason } of KNOWN_DIFFERENCES) expect(reason.length).toBeGreaterThan(20);
  });
});
