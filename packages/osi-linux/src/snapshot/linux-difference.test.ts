import { createListing, EVERY_FIELD, OsiError, type Skipped, type Subject } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import type { LinuxFile } from '../rows/file-row';
import type { LinuxProcess } from '../rows/linux-types';
import type { LinuxLogRecord } from '../rows/log-row';
import type { LinuxMapping } from '../rows/mapping-row';
import type { LinuxMount } from '../rows/mount-row';
import { diffSnapshots } from './linux-difference';
import type { LinuxSnapshot, SnapshotKind, SnapshotRows } from './linux-snapshot';

function process(pid: number, changed: Partial<LinuxProcess> = {}): LinuxProcess {
  const taskd = BigInt(pid) << 12n;
  const ids = { uid: 0, gid: 0, euid: 0, egid: 0, kernelThread: false };
  const names = { name: `p${pid}`, cmdline: [`p${pid}`] };
  return { taskd, pgd: 5n, asid: 7, pid, ppid: 1, createTime: 9n, ...ids, ...names, ...changed };
}

const mapping = (pid: number, base: bigint, changed: Partial<LinuxMapping> = {}): LinuxMapping => ({
  ...{ pid, base, modd: base + 1n, size: 4096, file: '/bin/sh', name: 'sh', offset: 0n, flags: 5n },
  ...{ perms: 'r-xp', ...changed },
});
const file = (pid: number, fd: number, changed: Partial<LinuxFile> = {}): LinuxFile => ({
  ...{ pid, fd, filename: '/tmp/x', pos: 0n, flags: 2, ...changed },
});

interface Rows {
  readonly process?: readonly LinuxProcess[];
  readonly mapping?: readonly LinuxMapping[];
  readonly file?: readonly LinuxFile[];
  readonly module?: readonly { name: string; base: bigint | null; size: number | null; modd: bigint }[];
  readonly mount?: readonly LinuxMount[];
  readonly log?: readonly LinuxLogRecord[];
  /** The things that could not be read, by kind. */
  readonly unread?: Partial<Record<SnapshotKind, readonly Subject[]>>;
}

const reason = new OsiError('PAGE_NOT_PRESENT', 'page not present');
const cmdlineOf = (pid: number): Subject => ({ kind: 'process', pid, field: 'cmdline' });

function snapshot({ unread = {}, ...rows }: Rows): LinuxSnapshot {
  const skipped = (kind: SnapshotKind): Skipped[] =>
    (unread[kind] ?? []).map((subject) => ({ subject, reason }));
  const listings = Object.fromEntries(
    Object.entries(rows).map(([kind, all]) => [
      kind,
      createListing<unknown>(all, skipped(kind as SnapshotKind)),
    ]),
  ) as LinuxSnapshot['listings'];
  return { processes: createListing(rows.process ?? [process(1)], skipped('process')), listings };
}

function nameOf(row: SnapshotRows[SnapshotKind]): unknown {
  if ('fd' in row) return row.fd;
  if ('perms' in row) return row.base;
  if ('level' in row) return row.text;
  return 'mountpoint' in row ? row.mountpoint : row.name;
}

function diff(before: Rows, after: Rows): string[] {
  return diffSnapshots(snapshot(before), snapshot(after)).changes.map(
    ({ change, kind, row, before: old }) => {
      const name = nameOf(row);
      const fields =
        old === undefined ? '' : ` ${Object.entries(old).map(([field, value]) => `${field}=${value}`)}`;
      return `${change} ${kind} ${name}${fields}`;
    },
  );
}

describe('processes', () => {
  it('that came, went and changed, the gone first', () => {
    const before = [process(1), process(2), process(3)];
    const after = [process(4), process(3, { name: 'ls', uid: 7 }), process(1)];
    expect(diff({ process: before }, { process: after })).toEqual([
      'removed process p2',
      'added process p4',
      'changed process ls uid=0,name=p3',
    ]);
  });

  it.each([
    ['pid', { pid: 8 }],
    ['taskd', { taskd: 8n }],
    ['createTime', { createTime: 8n }],
  ])('of another %s are other processes', (_, changed) => {
    expect(diff({ process: [process(2)] }, { process: [process(2, changed)] })).toEqual([
      'removed process p2',
      'added process p2',
    ]);
  });

  it('compares lists by what is in them', () => {
    const same = { process: [process(2, { cmdline: ['a', 'b'] })] };
    expect(diff(same, { process: [process(2, { cmdline: ['a', 'b'] })] })).toEqual([]);
    expect(diff(same, { process: [process(2, { cmdline: ['a b'] })] })).toEqual([
      'changed process p2 cmdline=a,b',
    ]);
  });
});

describe('mappings and files', () => {
  it('are known by their process and their place in it', () => {
    const before = { mapping: [mapping(1, 16n), mapping(1, 32n)], file: [file(1, 0), file(1, 1)] };
    const after = {
      mapping: [mapping(1, 16n, { size: 8192, modd: 99n }), mapping(1, 64n)],
      file: [file(1, 0, { pos: 5n }), file(1, 2)],
    };
    expect(diff(before, after)).toEqual([
      ...['removed mapping 32', 'changed mapping 16 size=4096', 'added mapping 64'],
      ...['removed file 1', 'changed file 0 pos=0', 'added file 2'],
    ]);
  });

  it('of another process of the same pid are others', () => {
    const before = { process: [process(1), process(2)], file: [file(2, 0)] };
    const after = { process: [process(1), process(2, { createTime: 99n })], file: [file(2, 0)] };
    expect(diff(before, after).filter((line) => line.includes('file'))).toEqual([
      'removed file 0',
      'added file 0',
    ]);
  });

  it('of a thread are not those of its process', () => {
    expect(diff({ file: [file(1, 0)] }, { file: [file(1, 0), file(1, 0, { tid: 5 })] })).toEqual([
      'added file 0',
    ]);
  });
});

describe('modules', () => {
  it('are known by name and place', () => {
    const row = { name: 'dummy', base: 1n, size: 4, modd: 5n };
    expect(diff({ module: [row] }, { module: [{ ...row, modd: 6n }] })).toEqual([
      'removed module dummy',
      'added module dummy',
    ]);
    expect(diff({ module: [row] }, { module: [{ ...row, size: 8 }] })).toEqual([
      'changed module dummy size=4',
    ]);
  });
});

describe('what could not be read', () => {
  it('is no change of a field', () => {
    const whole = { process: [process(2)] };
    const torn = { process: [process(2, { cmdline: null })], unread: { process: [cmdlineOf(2)] } };
    expect(diff(whole, torn)).toEqual([]);
    expect(diff(torn, whole)).toEqual([]);
  });

  it('is one where the field is known not to exist', () => {
    const exited = { process: [process(2, { pgd: null })], unread: { process: [cmdlineOf(3)] } };
    expect(diff({ process: [process(2)] }, exited)).toEqual(['changed process p2 pgd=5']);
  });

  it('does not make rows come or go, of that process', () => {
    const [one, two] = [process(1), process(2)];
    const broken = {
      process: [one, two],
      mapping: [],
      unread: { mapping: [{ kind: 'list', name: 'mappings', pid: 1 } as const] },
    };
    const whole = { process: [one, two], mapping: [mapping(1, 16n), mapping(2, 32n)] };
    expect(diff(whole, broken)).toEqual(['removed mapping 32']);
    expect(diff(broken, whole)).toEqual(['added mapping 32']);
  });

  it('does, where it is a field of another row', () => {
    const before = { file: [file(1, 0), file(1, 1)] };
    const without = (...lost: Subject[]) => diff(before, { file: [file(1, 0)], unread: { file: lost } });
    const fd: Subject = { kind: 'file-descriptor', pid: 1 };
    expect(without({ ...fd, fd: 0, field: 'filename' })).toEqual(['removed file 1']);
    expect(without({ ...fd, fd: 0, field: EVERY_FIELD })).toEqual(['removed file 1']);
    expect(without({ ...fd, first: 0, last: 63 })).toEqual([]);
    // A slot that holds a file though its bit is clear: the row is missing.
    expect(without({ ...fd, fd: 1 })).toEqual([]);
  });

  it('in the list of processes hides whatever follows it', () => {
    const broken = {
      process: [process(1)],
      file: [],
      unread: { process: [{ kind: 'process', address: 0x5000n } as const] },
    };
    const whole = { process: [process(1), process(2)], file: [file(2, 0)] };
    expect(diff(whole, broken)).toEqual([]);
    const module = { name: 'dummy', base: 1n, size: 4, modd: 5n };
    expect(diff({ ...whole, module: [module] }, { ...broken, module: [] })).toEqual(['removed module dummy']);
  });

  it('is told, with the moment', () => {
    const torn = { process: [process(2, { cmdline: null })], unread: { process: [cmdlineOf(2)] } };
    const { skipped } = diffSnapshots(snapshot(torn), snapshot(torn));
    expect(skipped.map(({ subject }) => subject)).toEqual([
      { ...cmdlineOf(2), when: 'before' },
      { ...cmdlineOf(2), when: 'after' },
    ]);
  });
});

describe('the boot', () => {
  it('is the same while pid 1 is', () => {
    const of = (...rows: LinuxProcess[]) => snapshot({ process: rows });
    expect(diffSnapshots(of(process(1)), of(process(1, { name: 'x' }))).sameBoot).toBe(true);
    expect(diffSnapshots(of(process(1)), of(process(1, { taskd: 7n }))).sameBoot).toBe(false);
  });
});

describe('mounts', () => {
  const mount = (id: number, changed: Partial<LinuxMount> = {}): LinuxMount => ({
    ...{ id, parent: 1, root: '/', mountpoint: `/m${id}`, fstype: 'tmpfs', source: 'none' },
    ...changed,
  });

  it('that came, went and moved, by their number and file system', () => {
    const before = [mount(1), mount(2), mount(3)];
    const after = [
      mount(1),
      mount(2, { fstype: 'ext4', mountpoint: '/new' }),
      mount(3, { mountpoint: '/x' }),
    ];
    expect(diff({ mount: before }, { mount: after })).toEqual([
      'removed mount /m2',
      'added mount /new',
      'changed mount /x mountpoint=/m3',
    ]);
  });

  it('are no difference where a mount could not be read', () => {
    const unread = { mount: [{ kind: 'mount', address: 5n }] } as const;
    expect(diff({ mount: [mount(1), mount(2)] }, { mount: [mount(1)], unread })).toEqual([]);
    expect(diff({ mount: [mount(1)] }, { mount: [mount(1, { source: null })], unread })).toEqual([]);
  });
});

describe('records of the log', () => {
  const record = (time: number | null, text: string): LinuxLogRecord => ({ time, level: 6, text });

  it('that were printed meanwhile, and those that are gone although older ones are there', () => {
    const before = [record(1, 'a'), record(2, 'b'), record(3, 'c')];
    const after = [record(2, 'b'), record(4, 'd')];
    expect(diff({ log: before }, { log: after })).toEqual(['removed log c', 'added log d']);
  });

  it('of one time and of no time are told apart by their text', () => {
    const before = [record(null, 'a'), record(null, 'b')];
    expect(diff({ log: before }, { log: [...before, record(null, 'c')] })).toEqual(['added log c']);
  });
});
