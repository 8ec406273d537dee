import { describe, expect, it } from 'vitest';
import { foldChanges } from './folded-changes';
import type { LinuxChange } from './linux-difference';

const process = (pid: number) => ({ pid, taskd: BigInt(pid), name: `p${pid}` });
const change = (kind: string, what: string, row: object) =>
  ({ change: what, kind, row, ...(what === 'changed' ? { before: {} } : {}) }) as unknown as LinuxChange;

describe('foldChanges', () => {
  it('counts the rows of processes that came or went, and keeps all others', () => {
    const exec = change('process', 'changed', process(3));
    const kept = [
      change('mapping', 'removed', { pid: 3, base: 0x1000n }),
      change('file', 'added', { pid: 1, fd: 4 }),
      change('module', 'added', { name: 'loop' }),
      change('log', 'added', { text: 'x' }),
    ];
    const folded = foldChanges([
      change('process', 'removed', process(2)),
      change('process', 'added', process(5)),
      exec,
      change('thread', 'removed', { pid: 2, tid: 2 }),
      change('mapping', 'removed', { pid: 2, base: 0x1000n }),
      change('mapping', 'removed', { pid: 2, base: 0x2000n }),
      change('socket', 'added', { pid: 5, fd: 3 }),
      ...kept,
    ]);
    expect(folded).toEqual([
      { ...change('process', 'removed', process(2)), folded: { thread: 1, mapping: 2 } },
      { ...change('process', 'added', process(5)), folded: { socket: 1 } },
      exec,
      ...kept,
    ]);
  });

  it('holds two processes that had one pid apart', () => {
    const folded = foldChanges([
      change('process', 'removed', process(2)),
      change('process', 'added', process(2)),
      change('file', 'removed', { pid: 2, fd: 0 }),
      change('file', 'removed', { pid: 2, fd: 1 }),
      change('file', 'added', { pid: 2, fd: 0 }),
    ]);
    expect(folded.map((row) => row.folded)).toEqual([{ file: 2 }, { file: 1 }]);
  });

  it('leaves nothing out if the processes were not compared', () => {
    const rows = [change('file', 'removed', { pid: 2, fd: 0 })];
    expect(foldChanges(rows)).toEqual(rows);
  });
});
