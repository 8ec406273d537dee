import type { Skipped } from '@osi-linux/core';
import type { SnapshotKind, SnapshotRows } from './linux-snapshot';

/** What is missing of a row that is there, by how it is worded. A socket may be missing for a field of it. */
const OF_A_ROW: { readonly [Kind in SnapshotKind]: RegExp | undefined } = {
  process: /^(pid \d+|task 0x[0-9a-f]+): /,
  thread: /^(pid \d+|task 0x[0-9a-f]+): /,
  module: /^module .* 0x[0-9a-f]+: /,
  mapping: /^pid \d+: mapping 0x[0-9a-f]+: /,
  file: /^pid \d+: fd \d+(: |$)/,
  socket: undefined,
};

/** What could not be read of one kind of rows at one moment. */
export class Unread<Kind extends SnapshotKind> {
  /** Whose rows may be missing, and whose fields. */
  private readonly rows = new Concerned();
  private readonly fields = new Concerned();

  /** `own` is of the listing of the kind, `processes` of the list of processes, which every kind but modules follows. */
  constructor(kind: Kind, own: readonly Skipped[], processes: readonly Skipped[]) {
    for (const { what } of own) {
      this.fields.add(what);
      if (OF_A_ROW[kind]?.test(what) !== true) this.rows.add(what);
    }
    const broken = processes.some(({ what }) => OF_A_ROW.process?.test(what) !== true);
    if (broken && kind !== 'module') this.rows.everyone = true;
  }

  /** Whether a row that is not there may only not have been read. */
  mayHide(row: SnapshotRows[Kind]): boolean {
    return this.rows.has('pid' in row ? row.pid : null);
  }

  /** Whether every field of a row was read, so that a `null` in it means that there is none. */
  isWhole(row: SnapshotRows[Kind]): boolean {
    const id = 'tid' in row ? row.tid : undefined;
    return !this.fields.has(id ?? ('pid' in row ? row.pid : null));
  }
}

/** Whom records of what could not be read are about. */
class Concerned {
  /** A record that names no process may be about any. */
  everyone = false;
  private readonly pids = new Set<number>();

  add(what: string): void {
    const named = /^pid (\d+): /.exec(what)?.[1];
    if (named === undefined) this.everyone = true;
    else this.pids.add(Number(named));
  }

  has(pid: number | null): boolean {
    return this.everyone || (pid !== null && this.pids.has(pid));
  }
}
