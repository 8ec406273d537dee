import type { Subject } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { makeTruth } from '../internal/made-truth';
import { compareUnanswerable, findUnanswerableFields } from '../unanswerable-fields';
import { findPagedOutStrings, findUnreadableStrings } from '../unreadable-strings';
import { compareEnv } from './compare-env';
import { compareProcesses } from './compare-processes';

const links = (pid: number, exe: string | undefined) => ({
  [`/proc/${pid}/cwd`]: ['link', '/'] as const,
  [`/proc/${pid}/root`]: ['link', '/'] as const,
  [`/proc/${pid}/exe`]: exe === undefined ? (['error', 'No such file'] as const) : (['link', exe] as const),
});

const RECORDS = {
  '/proc/2/environ': ['error', 'No such process'] as const,
  ...links(2, undefined),
  '/proc/7/environ': 'A=1\0\0B=\xff\0',
  ...links(7, '/bin/a (deleted)'),
  '/proc/8/environ': '',
  '/proc/8/cwd': ['error', 'No such file'] as const,
  '/proc/8/root': ['error', 'No such file'] as const,
  '/proc/8/exe': ['error', 'No such file'] as const,
};
const TRUTH = makeTruth({ kthreadd: [2], sh: [7], zombie: [8] }, RECORDS);

const KTHREAD = { pid: 2, env: [], cwd: '/', root: '/', exe: null };
const SHELL = { pid: 7, env: ['A=1', '', 'B=\ufffd'], cwd: '/', root: '/', exe: '/bin/a (deleted)' };
const ZOMBIE = { pid: 8, env: [], cwd: null, root: null, exe: null };
const ROWS = [KTHREAD, SHELL, ZOMBIE];

describe('compareEnv', () => {
  it('finds nothing wrong with the right rows, with or without pid 0', () => {
    expect(compareEnv(TRUTH, ROWS)).toEqual([]);
    expect(compareEnv(TRUTH, [{ ...KTHREAD, pid: 0 }, ...ROWS])).toEqual([]);
  });

  it.each([
    [{ env: ['A=1', 'B=\ufffd'] }, 'pid 7: env: expected ["A=1","","B=\ufffd"], received ["A=1","B=\ufffd"]'],
    [{ env: null }, 'pid 7: env: expected ["A=1","","B=\ufffd"], received null'],
    [{ cwd: null }, 'pid 7: cwd: expected "/", received null'],
    [{ root: '/x' }, 'pid 7: root: expected "/", received "/x"'],
    [{ exe: '/bin/a' }, 'pid 7: exe: expected "/bin/a (deleted)", received "/bin/a"'],
  ])('reports %o', (fields, sentence) => {
    expect(compareEnv(TRUTH, [KTHREAD, { ...SHELL, ...fields }, ZOMBIE])).toEqual([sentence]);
  });

  it('reports rows that are missing, too many, there twice, or in another order', () => {
    expect(compareEnv(TRUTH, [KTHREAD, ZOMBIE])).toEqual(['missing row: pid 7']);
    expect(compareEnv(TRUTH, [...ROWS, { ...SHELL, pid: 9 }])).toEqual(['extra row: pid 9']);
    expect(compareEnv(TRUTH, [...ROWS, ZOMBIE])).toEqual(['pid 8: more than one row']);
    expect(compareEnv(TRUTH, [SHELL, KTHREAD, ZOMBIE])).toEqual(['order: expected pid 2:  before pid 7: ']);
    expect(compareEnv(TRUTH, [{ ...SHELL, pid: 0 }, ...ROWS])).toHaveLength(2);
  });

  it('lets two kworkers come or go, and no more', () => {
    const rows = [20, 21, 22].map((pid) => ({ ...KTHREAD, pid }));
    const passed: string[] = [];
    expect(compareEnv(TRUTH, [...ROWS, ...rows.slice(0, 2)], { passed })).toEqual([]);
    expect(passed).toEqual(['pid 20', 'pid 21']);
    expect(compareEnv(TRUTH, [...ROWS, ...rows])).toHaveLength(3);
    const worker = makeTruth({ 'kworker/0:1': [2], kthreadd: [7] }, RECORDS);
    expect(compareEnv(worker, [SHELL])).toEqual([]);
    expect(compareEnv(worker, [KTHREAD])).toEqual(['missing row: pid 7']);
  });

  it('wants null where the process itself cannot read its strings', () => {
    const truth = makeTruth({ sh: [7] }, RECORDS, { unreadable: ['env', 'cmdline'] });
    expect(compareEnv(truth, [{ ...SHELL, env: null }])).toEqual([]);
    expect(compareEnv(truth, [{ ...SHELL, env: [] }])).toEqual(['pid 7: env: expected null, received []']);
    const idle = { pid: 0, ppid: 0, name: 'swapper/0', uid: 0, gid: 0, euid: 0, egid: 0, cmdline: [] };
    const row = { ...idle, pid: 7, ppid: 1, name: 'sh', createTime: 0 };
    expect(compareProcesses(truth, [idle, { ...row, cmdline: null }])).toEqual([]);
    expect(compareProcesses(truth, [idle, row])).toEqual(['pid 7 "sh": cmdline: expected null, received []']);
  });

  it('wants strings that are in memory on a page that nobody may read, or null', () => {
    const truth = makeTruth({ 'env-protected': [7] }, RECORDS, { unreadable: ['env'] });
    expect(compareEnv(truth, [{ ...SHELL, env: ['A=on two pages', 'B=2'] }])).toEqual([]);
    expect(compareEnv(truth, [{ ...SHELL, env: null }])).toEqual([]);
    expect(compareEnv(truth, [{ ...SHELL, env: ['A=on two pages'] }])).toHaveLength(1);
    expect(findUnanswerableFields(truth, 'env')).toEqual({ always: [], perhaps: [of7('env')], long: [] });
  });

  it('allows null where the strings went into the swap', () => {
    const truth = makeTruth({ sh: [7] }, RECORDS, { pagedOut: ['env'] });
    expect(compareEnv(truth, [{ ...SHELL, env: null }])).toEqual([]);
    expect(compareEnv(truth, [SHELL])).toEqual([]);
    expect(compareEnv(truth, [{ ...SHELL, env: ['A=1'] }])).toHaveLength(1);
  });
});

describe('findUnreadableStrings', () => {
  const maps = (text: string) => Uint8Array.from(Buffer.from(text));
  const stat = (...ranges: number[]) => `7 (a) b) S${' 0'.repeat(44)} ${ranges.join(' ')} 0`;

  it('finds strings that reach onto a page that is not readable or not there', () => {
    const readable = '1000-2000 rw-p 0 00:00 0 \n2000-3000 r--p 0 00:00 0 \n';
    expect(findUnreadableStrings(stat(0x1ff0, 0x2010, 0x2010, 0x3000), maps(readable))).toEqual([]);
    expect(findUnreadableStrings(stat(0x1ff0, 0x2010, 0x2010, 0x3001), maps(readable))).toEqual(['env']);
    const guarded = '1000-2000 rw-p 0 00:00 0 \n2000-3000 ---p 0 00:00 0 \n';
    expect(findUnreadableStrings(stat(0x1000, 0x2001, 0x1000, 0x2000), maps(guarded))).toEqual(['cmdline']);
  });

  it('finds none where there are no strings', () => {
    expect(findUnreadableStrings(stat(0, 0, 0, 0), maps(''))).toEqual([]);
    expect(findUnreadableStrings('7 (a) Z 1', maps(''))).toEqual([]);
    expect(findUnreadableStrings(stat(0x9000, 0x9000, 0, 0), maps(''))).toEqual([]);
  });

  it('finds both by the start of the stack on kernels that do not show where they are', () => {
    const old = (startStack: number) => `7 (a) S${' 0'.repeat(24)} ${startStack}${' 0'.repeat(16)}`;
    const readable = '1000-2000 rw-p 0 00:00 0 \n2000-3000 ---p 0 00:00 0 \n';
    expect(findUnreadableStrings(old(0x1ff0), maps(readable))).toEqual([]);
    expect(findUnreadableStrings(old(0x2000), maps(readable))).toEqual(['cmdline', 'env']);
    expect(findUnreadableStrings(old(0x3000), maps(readable))).toEqual(['cmdline', 'env']);
    expect(findUnreadableStrings(old(0), maps(''))).toEqual([]);
  });

  it('knows what was sent into the swap', () => {
    const list = '7 1000 1000\n8 5000 1000\n';
    expect(findPagedOutStrings(7, stat(0x1fff, 0x2000, 0x5000, 0x5010), list)).toEqual(['cmdline']);
    expect(findPagedOutStrings(8, stat(0x1fff, 0x2000, 0x5000, 0x5010), list)).toEqual(['env']);
    expect(findPagedOutStrings(7, stat(0x2000, 0x2001, 0, 0), list)).toEqual([]);
  });
});

const of7 = (field: string): Subject => ({ kind: 'process', pid: 7, field });

describe('findUnanswerableFields', () => {
  it('names what must be null with a reason', () => {
    const long = ['error', 'File name too long'] as const;
    const records = {
      ...RECORDS,
      '/proc/7/cwd': long,
      '/proc/7/fd/4': long,
      '/proc/8/fd/5': ['link', '/'] as const,
    };
    const truth = makeTruth({ sh: [7] }, records, { unreadable: ['cmdline'], pagedOut: ['env'] });
    expect(findUnanswerableFields(truth, 'ps')).toEqual({ always: [of7('cmdline')], perhaps: [], long: [] });
    expect(findUnanswerableFields(truth, 'env')).toEqual({
      always: [],
      perhaps: [of7('env')],
      long: [of7('cwd')],
    });
    expect(findUnanswerableFields(truth, 'files')).toEqual({
      always: [],
      perhaps: [],
      long: [{ kind: 'file-descriptor', pid: 7, fd: 4, field: 'filename' }],
    });
    expect(findUnanswerableFields(TRUTH, 'env')).toEqual({ always: [], perhaps: [], long: [] });
  });
});

describe('compareUnanswerable', () => {
  const fields = { always: [of7('env')], perhaps: [{ ...of7('env'), pid: 8 }], long: [] };
  const swapped = 'pid 8: env: page not present: swapped out\n';
  const gone = 'pid 7: env: page not present: PROT_NONE\n';

  it('finds nothing wrong with what must and may be missing', () => {
    const all = { err: `${gone}${swapped}incomplete: 2 things could not be read\n`, exitCode: 1 };
    expect(compareUnanswerable(fields, all)).toEqual([]);
    expect(compareUnanswerable(fields, { err: gone, exitCode: 1 })).toEqual([]);
    expect(compareUnanswerable({ always: [], perhaps: [], long: [] }, { err: '', exitCode: 0 })).toEqual([]);
  });

  it('wants a warning for each link that is too long, and for no other', () => {
    const paths = { always: [], perhaps: [], long: [of7('cwd')] };
    const warning = 'warning: path too long for /proc: 4221 bytes (pid 7: cwd: reading fails)\n';
    expect(compareUnanswerable(paths, { err: warning, exitCode: 0 })).toEqual([]);
    expect(compareUnanswerable(paths, { err: '', exitCode: 0 })).toEqual(['no warning: pid 7: cwd']);
    const none = { ...paths, long: [] };
    expect(compareUnanswerable(none, { err: warning, exitCode: 0 })).toHaveLength(1);
  });

  it('reports what is not named, what nobody expected, and the exit code', () => {
    expect(compareUnanswerable(fields, { err: swapped, exitCode: 1 })).toEqual(['not named: pid 7: env']);
    expect(compareUnanswerable(fields, { err: `${gone}pid 70: env: x\n`, exitCode: 1 })).toEqual([
      'unexpected: pid 70: env: x',
    ]);
    expect(compareUnanswerable(fields, { err: gone, exitCode: 0 })).toEqual([
      'exit code: expected 1, received 0',
    ]);
  });
});
