import type { FoldedChange, SnapshotKind } from '@osi-linux/osi-linux';
import { type JsonRow, type JsonValue, jsonAddress, jsonCount } from '../../output/json-value';
import { type Column, cellText } from '../../output/print-rows';

/** The columns of the table; {@link diffTableRow} makes its rows. */
export const DIFF_COLUMNS: readonly Column[] = [
  { field: 'change', title: 'CHANGE' },
  { field: 'kind', title: 'KIND' },
  { field: 'pid', title: 'PID', align: 'right' },
  { field: 'what', title: 'WHAT' },
  { field: 'fields', title: 'CHANGED' },
];

const ADDRESSES: ReadonlySet<string> = new Set(['taskd', 'pgd', 'asid', 'modd', 'base', 'flags']);

/**
 * A change as JSON: the row of its listing, of a changed one in `before` the fields that differ, and of a process that
 * came or went in `folded` the number of its rows that are left out.
 */
export function diffRow({ change, kind, row, before, folded }: FoldedChange): JsonRow {
  return {
    change,
    kind,
    ...jsonFields(row),
    ...(before === undefined ? {} : { before: jsonFields(before) }),
    ...(folded === undefined ? {} : { folded }),
  };
}

/** A change as a row of the table. */
export function diffTableRow(change: FoldedChange): JsonRow {
  const { before = {}, folded = {}, ...row } = diffRow(change);
  const differences = Object.entries(before as JsonRow).map(([field, old]) => {
    return `${field}: ${cellText(old)} -> ${cellText(row[field] ?? null)}`;
  });
  const what = WHAT[change.kind].map((field) => row[field] ?? null).filter((value) => value !== null);
  return {
    change: change.change,
    kind: change.kind,
    pid: row['pid'] ?? null,
    what: what.map(String).join(' '),
    fields: [...differences, ...Object.entries(folded as Folded).map(foldedText)].join(', '),
  };
}

type Folded = NonNullable<FoldedChange['folded']>;

function foldedText([kind, count]: readonly [string, number]): string {
  return `${count} ${kind}${count === 1 ? '' : 's'}`;
}

/** The columns that identify a row of each kind to people. */
const WHAT: Readonly<Record<SnapshotKind, readonly string[]>> = {
  process: ['name'],
  thread: ['tid', 'name'],
  module: ['name'],
  mapping: ['base', 'name'],
  file: ['fd', 'filename'],
  socket: ['fd', 'family', 'type', 'local'],
  mount: ['id', 'mountpoint', 'source'],
  log: ['time', 'text'],
};

function jsonFields(row: object): JsonRow {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]: [string, JsonValue | bigint]) => {
      if (typeof value !== 'bigint' && typeof value !== 'number') return [field, value];
      return [field, ADDRESSES.has(field) ? jsonAddress(value) : jsonCount(value)];
    }),
  );
}
