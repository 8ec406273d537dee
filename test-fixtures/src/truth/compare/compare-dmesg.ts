import type { GuestTruth } from '../guest-truth';
import type { CompareOptions } from '../internal/compare-tasks';
import { compareOrder, type Row } from '../internal/difference';
import { parseKernelLog, type TruthLogRecord } from '../proc/kernel-log';

const NS_PER_SECOND = 1e9;
const NS_PER_MICROSECOND = 1000;
/** More than this many records printed after the log was read, or pushed out by such, are not an accident. */
const LATER_TOLERANCE = 16;

/**
 * Compares the rows of `osi-linux dmesg DUMP --json` with the records of `/dev/kmsg`; a sentence for each difference.
 *
 * A few rows that are later than the last record were printed after the log was read; nothing is known of them. Where
 * the log is full, that is where its first record is not the first of all, each of them pushes old ones out.
 *
 * @example
 * ```ts
 * compareDmesg({ processes: [], unsettled: [], tasks: [], cpus: [] }, []) // => ['the truth has no dmesg']
 * ```
 */
export function compareDmesg(
  truth: GuestTruth,
  rows: readonly Row[],
  { passed = [] }: CompareOptions = {},
): string[] {
  const bytes = truth.tree?.bytes('/dev/kmsg');
  if (bytes === undefined) return ['the truth has no dmesg'];
  const records = parseKernelLog(bytes);
  const last = records.at(-1)?.microseconds ?? 0;
  const earlier = rows.filter((row) => microsecondsOf(row) <= last);
  const later = rows.filter((row) => microsecondsOf(row) > last);
  const few = later.length <= LATER_TOLERANCE;
  if (few) passed.push(...later.map((row) => `later record: ${rowKey(row)}`));
  const expected = numbered(records.map(recordKey));
  const received = numbered((few ? earlier : rows).map(rowKey));
  const known = new Set(expected);
  const there = new Set(received);
  const pushedOut = records[0]?.sequence === 0 ? 0 : expected.findIndex((key) => there.has(key));
  const gone = pushedOut > 0 && pushedOut <= LATER_TOLERANCE ? expected.slice(0, pushedOut) : [];
  passed.push(...gone.map((key) => `pushed out: ${key}`));
  return [
    ...expected
      .slice(gone.length)
      .filter((key) => !there.has(key))
      .map((key) => `missing row: ${key}`),
    ...received.filter((key) => !known.has(key)).map((key) => `extra row: ${key}`),
    ...compareOrder(expected, received),
  ];
}

function recordKey({ microseconds, level, text }: TruthLogRecord): string {
  return `${microseconds} us, level ${level}: ${JSON.stringify(text)}`;
}

/** The same of a row: its time is in seconds, with all that the kernel keeps of it. */
function rowKey(row: Row): string {
  return `${microsecondsOf(row)} us, level ${String(row['level'])}: ${JSON.stringify(row['text'])}`;
}

function microsecondsOf({ time }: Row): number {
  return Math.floor(Math.round(Number(time) * NS_PER_SECOND) / NS_PER_MICROSECOND);
}

/** Records may be alike to the letter: the second one is another all the same. */
function numbered(keys: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return keys.map((key) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 ? key : `${key} (${count})`;
  });
}
