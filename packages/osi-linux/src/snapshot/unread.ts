import type { Skipped, Subject, SubjectKind } from '@osi-linux/core';
import { KINDS_WITHOUT_PROCESS, type SnapshotKind, type SnapshotRows } from './linux-snapshot';

/** The subject of a record whose row is in the listing. A socket may be missing because of a field. */
const ROW_KINDS: { readonly [Kind in SnapshotKind]: SubjectKind | undefined } = {
  process: 'process',
  thread: 'thread',
  module: 'module',
  mapping: 'mapping',
  file: 'file-descriptor',
  socket: undefined,
  mount: 'mount',
  log: 'log-record',
};

/** The parts of one kind of rows that could not be read at one moment. */
export class Unread<Kind extends SnapshotKind> {
  /** Whose rows may be missing, and whose fields. */
  private readonly rows: Concerned;
  private readonly fields: Concerned;

  /** `own` is of the listing of the kind, `processes` of the list of processes, which every kind of a process's rows follows. */
  constructor(kind: Kind, own: readonly Skipped[], processes: readonly Skipped[]) {
    this.rows = new Concerned(kind);
    this.fields = new Concerned(kind);
    for (const { subject } of own) {
      this.fields.add(subject);
      if (!isOfRow(kind, subject)) this.rows.add(subject);
    }
    const broken = processes.some(({ subject }) => !isOfRow('process', subject));
    if (broken && !KINDS_WITHOUT_PROCESS.has(kind)) this.rows.everyone = true;
  }

  /** Whether a row that is not there may only not have been read. */
  mayHide(row: SnapshotRows[Kind]): boolean {
    return this.rows.has('pid' in row ? row.pid : null);
  }

  /** Whether every field of a row was read, so that a `null` in it means that the value does not exist. */
  isWhole(row: SnapshotRows[Kind]): boolean {
    const id = 'tid' in row ? row.tid : undefined;
    return !this.fields.has(id ?? ('pid' in row ? row.pid : null));
  }
}

function isOfRow(kind: SnapshotKind, subject: Subject): boolean {
  return subject.field !== undefined && subject.kind === ROW_KINDS[kind];
}

/**
 * The subjects of the records of unread things: threads by their own ids, all else by that of the process.
 */
class Concerned {
  /** A record that names no process may be about any. */
  everyone = false;
  private readonly kind: SnapshotKind;
  private readonly ids = new Set<number>();

  constructor(kind: SnapshotKind) {
    this.kind = kind;
  }

  add({ pid, tid }: Subject): void {
    const id = this.kind === 'thread' ? tid : pid;
    if (id === undefined) this.everyone = true;
    else this.ids.add(id);
  }

  has(id: number | null): boolean {
    return this.everyone || (id !== null && this.ids.has(id));
  }
}
