import type { Skipped } from '@osi-linux/core';
import { type LinuxSnapshot, SNAPSHOT_KINDS, type SnapshotKind, type SnapshotRows } from './linux-snapshot';
import { RowIdentity } from './row-identity';
import { Unread } from './unread';

/** One thing that came, went or changed between two moments. */
export type LinuxChange = {
  readonly [Kind in SnapshotKind]: {
    /** The change. */
    readonly change: 'added' | 'removed' | 'changed';
    /** The kind of the row. */
    readonly kind: Kind;
    /** The row: as it is after, or as it was where it is gone. */
    readonly row: SnapshotRows[Kind];
    /** Of a thing that changed: the fields that did, as they were before. */
    readonly before?: Partial<SnapshotRows[Kind]>;
  };
}[SnapshotKind];

/** The difference between two moments of a guest. */
export interface LinuxDifference {
  /** The rows that were added, removed or changed: kind by kind, the removed ones first. */
  readonly changes: readonly LinuxChange[];
  /** Whether pid 1 is the same process at both moments; where it is not, they are of two boots. */
  readonly sameBoot: boolean;
  /**
   * The things that could not be read at either moment, which their subject's `when` names. No change is
   * reported for them.
   */
  readonly skipped: readonly Skipped[];
}

/**
 * Compares two moments of a guest.
 *
 * A process is the same one while its `pid`, `taskd` and `createTime` are; a thread by `tid` and `taskd`, a module by
 * `name` and `modd`, a mapping by its process and `base`, a file or socket by its process and `fd`, a mount by `id`,
 * `fstype` and `root`, a record of the log by all of it. Records that are older than the oldest one of the later moment
 * were overwritten, as the kernel does with every old record, and are not a difference. A thing that could not be read
 * at one of the moments is not a difference: it is in `skipped`.
 *
 * @example
 * ```ts
 * declare const guest: Guest;
 * const before = takeSnapshot(guest.linux, { kinds: ['process'] });
 * diffSnapshots(before, takeSnapshot(guest.linux, { kinds: ['process'] })).changes // => []
 * const listings = { process: createListing(before.listings.process.filter(({ pid }) => pid !== 2), []) };
 * const [gone] = diffSnapshots(before, { ...before, listings }).changes;
 * [gone.change, gone.kind, gone.row.name] // => ['removed', 'process', 'kthreadd']
 * ```
 */
export function diffSnapshots(before: LinuxSnapshot, after: LinuxSnapshot): LinuxDifference {
  const changes: LinuxChange[] = [];
  const skipped: Skipped[] = [];
  for (const kind of SNAPSHOT_KINDS) {
    const [old, now] = [before.listings[kind], after.listings[kind]];
    if (old === undefined || now === undefined) continue;
    const compared = compareKind(kind, indexed(before, kind), indexed(after, kind));
    const [oldest] = after.listings.log ?? [];
    for (const change of compared) if (!isOverwritten(change, oldest)) changes.push(change);
    for (const [when, listing] of [
      ['before', old],
      ['after', now],
    ] as const)
      for (const { subject, reason } of listing.skipped)
        skipped.push({ subject: { ...subject, when }, reason });
  }
  return { changes, sameBoot: initOf(before) === initOf(after), skipped };
}

/** Whether a record of the log made room for newer ones. */
function isOverwritten(change: LinuxChange, oldest: SnapshotRows['log'] | undefined): boolean {
  if (change.kind !== 'log' || change.change !== 'removed') return false;
  return oldest !== undefined && (change.row.time ?? 0) < (oldest.time ?? 0);
}

type AnyRow = SnapshotRows[SnapshotKind];

/** The rows of one kind by their identities, with the things that could not be read. */
interface IndexedRows {
  readonly rows: ReadonlyMap<string, AnyRow>;
  readonly unread: Unread<SnapshotKind>;
}

/** Fields that show where the kernel keeps a thing, and not what it is. */
const INCIDENTAL: ReadonlySet<string> = new Set(['modd']);

function indexed({ processes, listings }: LinuxSnapshot, kind: SnapshotKind): IndexedRows {
  const identity = new RowIdentity(processes);
  const rows = new Map<string, AnyRow>();
  for (const row of listings[kind] ?? []) {
    const key = identity.of(kind, row);
    if (!rows.has(key)) rows.set(key, row);
  }
  return { rows, unread: new Unread(kind, listings[kind]?.skipped ?? [], processes.skipped) };
}

function compareKind(kind: SnapshotKind, before: IndexedRows, after: IndexedRows): LinuxChange[] {
  const removed: LinuxChange[] = [];
  const others: LinuxChange[] = [];
  for (const [key, row] of before.rows) {
    if (after.rows.has(key) || after.unread.mayHide(row)) continue;
    removed.push({ change: 'removed', kind, row } as LinuxChange);
  }
  for (const [key, row] of after.rows) {
    const old = before.rows.get(key);
    const changed = old && changedFields(old, row, before.unread.isWhole(old), after.unread.isWhole(row));
    if (changed !== undefined) others.push({ change: 'changed', kind, row, before: changed } as LinuxChange);
    if (old !== undefined || before.unread.mayHide(row)) continue;
    others.push({ change: 'added', kind, row } as LinuxChange);
  }
  return [...removed, ...others];
}

/** The fields that differ, as they were before. A `null` counts only where nothing of the row could not be read. */
function changedFields(
  before: AnyRow,
  after: AnyRow,
  beforeIsWhole: boolean,
  afterIsWhole: boolean,
): Partial<AnyRow> | undefined {
  const now = after as unknown as Readonly<Record<string, unknown>>;
  const changed = Object.entries(before).filter(([field, old]) => {
    const value = now[field];
    if (INCIDENTAL.has(field) || isEqual(old, value)) return false;
    return (old !== null || beforeIsWhole) && (value !== null || afterIsWhole);
  });
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/** Fields are texts, numbers and lists of texts. */
function isEqual(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function initOf({ processes }: LinuxSnapshot): string | undefined {
  const init = processes.find(({ pid }) => pid === 1);
  return init && `${init.taskd} ${init.createTime}`;
}
