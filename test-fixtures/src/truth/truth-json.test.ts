import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGuestTruth } from './guest-truth';
import { makeTruth } from './internal/made-truth';
import { formatGuestTruth, readTruthJson } from './truth-json';
import type { TruthRecord } from './truth-records';
import { TruthTree } from './truth-tree';

describe('formatGuestTruth and readTruthJson', () => {
  it('give back every record as it was, whatever its bytes', () => {
    const record = fc.record({
      kind: fc.constantFrom('file' as const, 'link' as const, 'error' as const),
      path: fc.constantFrom('/proc/1/maps', '/proc/1/fd/3', '/proc/2/task/3/environ', '/dev/kmsg'),
      bytes: fc.oneof(
        fc.uint8Array(),
        fc.string().map((text) => new Uint8Array(Buffer.from(text))),
      ),
    });
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const tree = new TruthTree(records);
        const again = readTruthJson(formatGuestTruth({ ...makeTruth({ sh: [7] }, {}), tree }));
        expect(again.tree?.records).toEqual(tree.records);
      }),
    );
  });

  it('give back a whole truth', () => {
    const truth = makeTruth({ sh: [7, 70] }, { '/proc/7/maps': 'x' }, { unreadable: ['env'] });
    const line = 'ffff888003a2c000 7 8 1 0 31000 ffff888000001000 - 736800000000000000000000000000ff\n';
    const path = '/proc/task_truth';
    const { tasks } = parseGuestTruth([{ kind: 'file', path, bytes: Buffer.from(line) }], { cpus: 0 });
    const whole = {
      ...truth,
      tasks,
      cpus: [{ cpu: 0, pid: 0, tid: 0, name: 'swapper/0', mode: 'kernel' as const }],
    };
    expect(readTruthJson(formatGuestTruth(whole))).toEqual(whole);
  });

  it('write a text once, however many files have it', () => {
    const text = 'a text that many have';
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, pid) => [`/proc/${pid}/mountinfo`, text]));
    expect(formatGuestTruth(makeTruth({}, many)).split(text)).toHaveLength(2);
  });

  it('read what was recorded before there was a tree', () => {
    const old = readTruthJson(
      '{"processes": [{"pid": 1, "comm": "73"}], "unsettled": [], "tasks": [], "cpus": []}',
    );
    expect(old.tree).toBeUndefined();
    expect(old.processes[0]?.comm).toEqual(Uint8Array.of(0x73));
  });
});

describe('TruthTree', () => {
  const record = (path: string, text: string): TruthRecord => ({
    ...{ kind: 'file', path },
    bytes: Uint8Array.from(Buffer.from(text)),
  });

  it('keeps what the comparisons read, and of a path the last record', () => {
    const tree = TruthTree.of([
      record('/proc/1/maps', 'before'),
      record('/proc/1/maps', 'after'),
      record('/proc/1/stat', 'x'),
      record('/proc/1/task/2/fdinfo/3', 'x'),
      { ...record('/proc/1/fd', '3\n'), kind: 'list' },
      record('/proc/iomem', 'x'),
    ]);
    expect(tree?.records.map(({ path }) => path)).toEqual([
      '/proc/1/maps',
      '/proc/1/fd',
      '/proc/1/task/2/fdinfo/3',
    ]);
    expect(Buffer.from(tree?.bytes('/proc/1/maps') ?? []).toString()).toBe('after');
    expect(TruthTree.of([record('/proc/1/stat', 'x')])).toBeUndefined();
  });
});
