import { describe, expect, it } from 'vitest';
import { makeTruth } from '../internal/made-truth';
import { compareMaps } from './compare-maps';

const MAPS =
  '00400000-00401000 r-xp 00001000 00:02 71             /bin/a\\012b (deleted)\n' +
  '00500000-00502000 rw-p 00000000 00:00 0              [heap]\n' +
  '00600000-00601000 rw-s 00000000 00:01 3              /dev/zero (deleted)\n' +
  '00700000-00701000 ---p 00000000 00:00 0 \n' +
  'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n';

const TRUTH = makeTruth(
  { sh: [7, 70], dead: [8, 80], kthread: [2] },
  {
    '/proc/7/maps': MAPS,
    '/proc/7/task/70/maps': MAPS,
    '/proc/8/maps': '',
    '/proc/8/task/80/maps': '00400000-00401000 r--p 00000000 00:02 71 /x/ends (deleted)\n',
    '/proc/2/maps': ['error', 'No such process'],
  },
);

const base = { pid: 7, size: 4096, offset: 0 };
const ROWS = [
  {
    ...{ ...base, base: '0x400000', name: 'a\nb', file: '/bin/a\nb (deleted)', offset: 4096, perms: 'r-xp' },
    ...{ flags: '0x75', modd: '0x1' },
  },
  {
    ...{ ...base, base: '0x500000', size: 8192, name: '[heap]', file: null, perms: 'rw-p' },
    ...{ flags: '0x100073', modd: '0x2' },
  },
  {
    ...{ ...base, base: '0x600000', name: 'zero', file: '/dev/zero (deleted)', perms: 'rw-s' },
    ...{ flags: '0xfb', modd: '0x3' },
  },
  { ...base, base: '0x700000', name: '[???]', file: null, perms: '---p', flags: '0x70', modd: '0x4' },
];
const THREAD = {
  ...{ pid: 8, tid: 80, base: '0x400000', size: 4096, name: 'ends (deleted)', file: '/x/ends (deleted)' },
  ...{ offset: 0, perms: 'r--p', flags: '0x71', modd: '0x1' },
};
const change = (index: number, fields: object) =>
  ROWS.map((row, at) => (at === index ? { ...row, ...fields } : row));

describe('compareMaps', () => {
  it('finds nothing wrong with the right rows', () => {
    expect(compareMaps(TRUTH, ROWS)).toEqual([]);
    expect(compareMaps(TRUTH, [...ROWS, THREAD], { threads: true })).toEqual([]);
  });

  it.each([
    [0, { name: 'b' }, 'pid 7 0x400000: name: expected "a\\nb", received "b"'],
    [0, { file: '/bin/a\\012b (deleted)' }, 'received "/bin/a\\\\012b (deleted)"'],
    [0, { file: '/bin/a\nb' }, 'pid 7 0x400000: file: expected "/bin/a\\nb (deleted)"'],
    [0, { offset: 1 }, 'pid 7 0x400000: offset: expected 4096, received 1'],
    [0, { size: '4096' }, 'pid 7 0x400000: size: expected 4096, received "4096"'],
    [1, { file: '[heap]' }, 'pid 7 0x500000: file: expected null, received "[heap]"'],
    [1, { perms: 'rwxp', flags: '0x77' }, 'pid 7 0x500000: perms: expected "rw-p", received "rwxp"'],
    [1, { flags: '0x77' }, 'pid 7 0x500000: flags: 0x77 does not go with perms rw-p'],
    [2, { flags: '0x7b' }, 'pid 7 0x600000: flags: 0x7b does not go with perms rw-s'],
    [2, { flags: 123 }, 'pid 7 0x600000: flags: 123 does not go'],
    [3, { name: '' }, 'pid 7 0x700000: name: expected "[???]", received ""'],
    [3, { modd: '0x1' }, 'pid 7 0x700000: modd: 0x1 is no address of its own'],
    [3, { modd: null }, 'pid 7 0x700000: modd: null is no address'],
  ])('reports row %i with %o', (index, fields, sentence) => {
    expect(compareMaps(TRUTH, change(index, fields))).toEqual([expect.stringContaining(sentence)]);
  });

  it('reports rows that are missing, too many, there twice, or in another order', () => {
    expect(compareMaps(TRUTH, ROWS.slice(1))).toEqual(['missing row: pid 7 0x400000']);
    const vsyscall = { ...ROWS[3], base: '0xffffffffff600000', perms: '--xp', flags: '0x4', modd: '0x5' };
    expect(compareMaps(TRUTH, [...ROWS, vsyscall])).toEqual(['extra row: pid 7 0xffffffffff600000']);
    expect(compareMaps(TRUTH, [...ROWS, { ...ROWS[3], modd: '0x5' }])).toEqual([
      'pid 7 0x700000: more than one row',
    ]);
    expect(compareMaps(TRUTH, [ROWS[1]!, ROWS[0]!, ...ROWS.slice(2)])).toEqual([
      'order: expected pid 7: 0x400000 before pid 7: 0x500000',
    ]);
    expect(compareMaps(TRUTH, [...ROWS, { ...ROWS[0], pid: 2 }])).toEqual(['extra row: pid 2 0x400000']);
    expect(compareMaps(TRUTH, [...ROWS, { ...ROWS[0], pid: 5 }])).toEqual(['extra row: pid 5 0x400000']);
    expect(compareMaps(TRUTH, [...ROWS, { ...ROWS[0], pid: 99 }])).toEqual([]);
  });

  it('wants rows of threads where they were asked for, and nowhere else', () => {
    expect(compareMaps(TRUTH, ROWS, { threads: true })).toEqual(['missing row: pid 8 tid 80 0x400000']);
    expect(compareMaps(TRUTH, [...ROWS, THREAD])).toEqual(['extra row: pid 8 tid 80 0x400000']);
    const same = ROWS.map((row) => ({ ...row, tid: 70 }));
    expect(compareMaps(TRUTH, [...ROWS, ...same, THREAD], { threads: true })).toEqual([]);
    expect(compareMaps(TRUTH, [...ROWS, ...same.slice(1), THREAD], { threads: true })).toEqual([
      'missing row: pid 7 tid 70 0x400000',
    ]);
  });

  it('follows the kernel in the order of processes', () => {
    const lines = {
      '/proc/7/maps': '1000-2000 r--p 0 00:00 0 \n',
      '/proc/9/maps': '1000-2000 r--p 0 00:00 0 \n',
    };
    const truth = makeTruth({ a: [7], b: [9] }, lines);
    const row = (pid: number) => ({
      ...{ pid, base: '0x1000', size: 4096, name: '[???]', file: null, offset: 0 },
      ...{ perms: 'r--p', flags: '0x1', modd: '0x1' },
    });
    const task = (pid: number) => ({
      ...{ task: 1n, tgid: pid, pid, ppid: 1, kernelThread: false, startTime: 0n },
      ...{ pgd: null, pgdPhysical: null, comm: new Uint8Array() },
    });
    expect(compareMaps(truth, [row(7), row(9)])).toEqual([]);
    expect(compareMaps({ ...truth, tasks: [task(9), task(7)] }, [row(9), row(7)])).toEqual([]);
    expect(compareMaps({ ...truth, tasks: [task(9), task(7)] }, [row(7), row(9)])).toHaveLength(1);
  });

  it('leaves out the collector, and says so', () => {
    const truth = makeTruth({ collector: [7] }, { '/proc/7/maps': '1000-2000 r--p 0 00:00 0 \n' });
    const passed: string[] = [];
    expect(compareMaps(truth, [], { passed })).toEqual([]);
    expect(passed).toEqual(['missing row: pid 7 0x1000']);
  });

  it('knows names with a backslash from the links', () => {
    const line = '1000-2000 r--p 0 00:02 5 /a\\012\n';
    const file = (text: string) => [
      {
        ...{ pid: 7, base: '0x1000', size: 4096, name: text.slice(1), file: text, offset: 0 },
        ...{ perms: 'r--p', flags: '0x1', modd: '0x1' },
      },
    ];
    const plain = makeTruth({ a: [7] }, { '/proc/7/maps': line });
    const linked = makeTruth({ a: [7] }, { '/proc/7/maps': line, '/proc/7/fd/3': ['link', '/a\\012'] });
    expect(compareMaps(plain, file('/a\n'))).toEqual([]);
    expect(compareMaps(linked, file('/a\\012'))).toEqual([]);
    expect(compareMaps(linked, file('/a\n'))).toHaveLength(2);
  });

  it('shows the name of shared anonymous memory', () => {
    const truth = makeTruth({ a: [7] }, { '/proc/7/maps': '1000-2000 rw-s 0 00:01 5 [anon_shmem:a/b]\n' });
    const row = {
      ...{
        pid: 7,
        base: '0x1000',
        size: 4096,
        name: '[anon_shmem:a/b]',
        file: '/dev/zero (deleted)',
        offset: 0,
      },
      ...{ perms: 'rw-s', flags: '0xfb', modd: '0x1' },
    };
    expect(compareMaps(truth, [row])).toEqual([]);
    expect(compareMaps(truth, [{ ...row, name: 'zero' }])).toHaveLength(1);
  });
});
