import { describe, expect, it } from 'vitest';
import { makeTruth } from '../internal/made-truth';
import { compareFiles } from './compare-files';
import { compareSockets } from './compare-sockets';

const fdinfo = (pos: string, flags: string) => `pos:\t${pos}\nflags:\t${flags}\nmnt_id:\t9\n`;

const UNIX =
  'Num\n' +
  'ffff888003a2c000: 00000002 00000000 00010000 0001 01  4711 /run/s\n' +
  'ffff888003a2d000: 00000002 00000000 00000000 0001 03  4712\n';

const TRUTH = makeTruth(
  { sh: [7, 70], server: [8], collector: [9] },
  {
    '/proc/7/fd/10': ['link', 'socket:[4711]'],
    '/proc/7/fdinfo/10': fdinfo('0', '02'),
    '/proc/7/fd/2': ['link', '/tmp/a\nb (deleted)'],
    '/proc/7/fdinfo/2': fdinfo('9007199254740993', '02100000'),
    '/proc/7/task/70/fd/2': ['link', 'pipe:[5]'],
    '/proc/7/task/70/fdinfo/2': fdinfo('0', '0'),
    '/proc/8/fd/3': ['link', 'socket:[4712]'],
    '/proc/8/fdinfo/3': fdinfo('0', '02'),
    '/proc/8/fd/4': ['link', 'socket:[4713]'],
    '/proc/8/fdinfo/4': fdinfo('0', '02'),
    '/proc/9/fd/3': ['link', '/dev/vda'],
    '/proc/9/fdinfo/3': fdinfo('512', '01'),
    '/proc/net/unix': UNIX,
    '/run/sockets':
      '7 10 1 1 0 1 01002f72756e2f7300 -\n8 3 1 1 0 0 0100 01002f72756e2f7300\n8 4 2 2 17 0 0200000000000000 -\n',
  },
);

const FILES = [
  { pid: 7, fd: 2, filename: '/tmp/a\nb (deleted)', pos: '9007199254740993', flags: '0x88000' },
  { pid: 7, fd: 10, filename: 'socket:[4711]', pos: 0, flags: '0x2' },
  { pid: 8, fd: 3, filename: 'socket:[4712]', pos: 0, flags: '0x2' },
  { pid: 8, fd: 4, filename: 'socket:[4713]', pos: 0, flags: '0x2' },
  { pid: 9, fd: 3, filename: '/dev/vda', pos: 1024, flags: '0x1' },
];
const THREAD = { pid: 7, tid: 70, fd: 2, filename: 'pipe:[5]', pos: 0, flags: '0x0' };

describe('compareFiles', () => {
  const change = (fields: object) => [{ ...FILES[0], ...fields }, ...FILES.slice(1)];

  it('finds nothing wrong with the right rows, but for what the collector did meanwhile', () => {
    const passed: string[] = [];
    expect(compareFiles(TRUTH, FILES, { passed })).toEqual([]);
    expect(passed).toEqual(['pid 9 fd 3: pos: expected 512, received 1024']);
    const withThread = [...FILES.slice(0, 2), THREAD, ...FILES.slice(2)];
    expect(compareFiles(TRUTH, withThread, { threads: true })).toEqual([]);
  });

  it.each([
    [
      { filename: '/tmp/a\nb' },
      'pid 7 fd 2: filename: expected "/tmp/a\\nb (deleted)", received "/tmp/a\\nb"',
    ],
    [{ pos: 9007199254740992 }, 'pid 7 fd 2: pos: expected "9007199254740993", received 9007199254740992'],
    [{ flags: '0x8000' }, 'pid 7 fd 2: flags: expected "0x88000", received "0x8000"'],
    [{ fd: 3 }, 'missing row: pid 7 fd 2'],
  ])('reports %o', (fields, sentence) => {
    expect(compareFiles(TRUTH, change(fields))[0]).toBe(sentence);
  });

  it('reports rows that are missing, too many, there twice, or in another order', () => {
    expect(compareFiles(TRUTH, FILES.slice(1))).toEqual(['missing row: pid 7 fd 2']);
    expect(compareFiles(TRUTH, [...FILES, { ...FILES[0], fd: 0 }])).toEqual(['extra row: pid 7 fd 0']);
    expect(compareFiles(TRUTH, [...FILES, FILES[0]!])).toEqual(['pid 7 fd 2: more than one row']);
    expect(compareFiles(TRUTH, [FILES[1]!, FILES[0]!, ...FILES.slice(2)])).toEqual([
      'order: expected pid 7: fd 2 before pid 7: fd 10',
    ]);
    expect(compareFiles(TRUTH, FILES, { threads: true })).toEqual(['missing row: pid 7 tid 70 fd 2']);
  });

  it('passes over O_CLOEXEC where the kernel shows no /proc/PID/ns, and over nothing else', () => {
    const files = { '/proc/7/fd/3': ['link', '/a'], '/proc/7/fdinfo/3': fdinfo('0', '02') } as const;
    const row = { pid: 7, fd: 3, filename: '/a', pos: 0, flags: '0x80002' };
    const none = ['error', 'No such file or directory'] as const;
    const kernels = [
      { '/proc/1/ns/net': none, '/proc/1/ns/mnt': none },
      { '/proc/1/ns/net': ['error', 'Invalid argument'] as const, '/proc/1/ns/mnt': none },
      {},
    ];
    const [old, ...newer] = kernels.map((ns) => makeTruth({ sh: [7] }, { ...files, ...ns }));
    const wrong = 'pid 7 fd 3: flags: expected "0x2", received "0x80002"';
    expect(newer.map((truth) => compareFiles(truth, [row]))).toEqual([[wrong], [wrong]]);
    expect(compareFiles(old!, [row])).toEqual([]);
    expect(compareFiles(old!, [{ ...row, flags: '0x80003' }])).toEqual([
      'pid 7 fd 3: flags: expected "0x2", received "0x3"',
    ]);
  });

  it('says when the truth has no answer', () => {
    expect(compareFiles(makeTruth({ sh: [7] }, {}), [])).toEqual(['the truth has no files']);
  });
});

const SOCKETS = [
  {
    ...{ pid: 7, fd: 10, family: 'unix', type: 'stream', local: '/run/s', remote: null, state: 'LISTEN' },
    inode: 4711,
  },
  {
    ...{ pid: 8, fd: 3, family: 'unix', type: 'stream', local: null, remote: '/run/s', state: 'CONNECTED' },
    inode: 4712,
  },
  {
    ...{
      pid: 8,
      fd: 4,
      family: 'inet',
      type: 'dgram',
      local: '0.0.0.0:0',
      remote: '0.0.0.0:0',
      state: 'CLOSE',
    },
    inode: 4713,
  },
];

describe('compareSockets', () => {
  const change = (index: number, fields: object) =>
    SOCKETS.map((row, at) => (at === index ? { ...row, ...fields } : row));

  it('finds nothing wrong with the right rows', () => {
    expect(compareSockets(TRUTH, SOCKETS)).toEqual([]);
  });

  it.each([
    [0, { family: 'inet' }, 'pid 7 fd 10: family: expected "unix", received "inet"'],
    [0, { type: 'dgram' }, 'pid 7 fd 10: type: expected "stream", received "dgram"'],
    [0, { local: null }, 'pid 7 fd 10: local: expected "/run/s", received null'],
    [0, { state: 'UNCONNECTED' }, 'pid 7 fd 10: state: expected "LISTEN", received "UNCONNECTED"'],
    [0, { inode: '4711' }, 'pid 7 fd 10: inode: expected 4711, received "4711"'],
    [0, { remote: '/run/s' }, 'pid 7 fd 10: remote: expected null, received "/run/s"'],
    [1, { remote: null }, 'pid 8 fd 3: remote: expected "/run/s", received null'],
    [2, { family: 'inet6' }, 'pid 8 fd 4: family: expected "inet", received "inet6"'],
    [2, { local: '0.0.0.0:1' }, 'pid 8 fd 4: local: expected "0.0.0.0:0", received "0.0.0.0:1"'],
    [2, { state: 'LISTEN' }, 'pid 8 fd 4: state: expected "CLOSE", received "LISTEN"'],
  ])('reports row %i with %o', (index, fields, sentence) => {
    expect(compareSockets(TRUTH, change(index, fields))).toEqual([sentence]);
  });

  it('reports rows that are missing, too many, there twice, or in another order', () => {
    expect(compareSockets(TRUTH, SOCKETS.slice(1))).toEqual(['missing row: pid 7 fd 10']);
    expect(compareSockets(TRUTH, [...SOCKETS, { ...SOCKETS[0], fd: 2 }])).toEqual(['extra row: pid 7 fd 2']);
    expect(compareSockets(TRUTH, [...SOCKETS, SOCKETS[2]!])).toEqual(['pid 8 fd 4: more than one row']);
    expect(compareSockets(TRUTH, [SOCKETS[0]!, SOCKETS[2]!, SOCKETS[1]!])).toEqual([
      'order: expected pid 8: fd 3 before pid 8: fd 4',
    ]);
  });

  it('finds sockets of other network namespaces in their own tables', () => {
    const truth = makeTruth(
      { sh: [7] },
      {
        '/proc/7/fd/3': ['link', 'socket:[8]'],
        '/proc/7/net/tcp': 'sl\n0: 0100007F:0050 00000000:0000 0A 0:0 0:0 0 0 0 8 1\n',
        '/proc/net/tcp': 'sl\n',
      },
    );
    const row = { pid: 7, fd: 3, family: 'inet', type: 'stream', local: '127.0.0.1:80' };
    const rest = { remote: '0.0.0.0:0', state: 'LISTEN', inode: 8 };
    expect(compareSockets(truth, [{ ...row, ...rest }])).toEqual([]);
    expect(compareSockets(truth, [{ ...row, ...rest, local: '127.0.0.1:81' }])).toHaveLength(1);
  });
});
