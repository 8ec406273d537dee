import type { Finding } from './finding';
import { OsiError } from './osi-error';
import { toJson } from './row-json';
import type { Subject } from './subject';

/** A thing that a walker left out, and why: the row is missing or has `null` in a field. */
export interface Skipped {
  /**
   * The thing that was being read; `formatSubject` prints it: `task 0xffff888003a2c000`, `pid 812: cmdline`.
   */
  readonly subject: Subject;
  /** Why it could not be read. */
  readonly reason: OsiError;
}

/**
 * Rows that were read, with the list of things that could not be read. Iterates as the plain array of rows.
 *
 * An empty `skipped` means that the listing is complete.
 */
export type Listing<Row> = readonly Row[] & {
  /** The parts that could not be read, in the order of the walk. */
  readonly skipped: readonly Skipped[];
  /** What was noticed about rows that are complete: the kernel itself would refuse to show a path of 4096 bytes. */
  readonly findings: readonly Finding[];
  /** The rows as {@link toJson} writes them, for `JSON.stringify`. */
  toJSON(): unknown;
};

/** One row that was read, with the list of its parts that could not be read. */
export type Answer<Row> = Row & {
  /** The parts that could not be read, in the order of the walk. */
  readonly skipped: readonly Skipped[];
};

/**
 * Attaches the list of skipped things to the rows, and the findings.
 *
 * @example
 * ```ts
 * const listing = createListing(['init'], []);
 * [listing.length, listing.skipped.length, listing.findings.length] // => [1, 0, 0]
 * ```
 */
export function createListing<Row>(
  rows: readonly Row[],
  skipped: readonly Skipped[],
  findings: readonly Finding[] = [],
): Listing<Row> {
  const listing = Object.assign(rows.slice(), { skipped, findings });
  return Object.defineProperty(listing, 'toJSON', ROWS_TO_JSON) as typeof listing &
    Pick<Listing<Row>, 'toJSON'>;
}

/** Of all listings, and not among their own fields. */
const ROWS_TO_JSON: PropertyDescriptor = {
  value(this: readonly unknown[]) {
    return toJson(this);
  },
};

/**
 * Collects the things that a walk could not read while the walk goes on.
 *
 * @example
 * ```ts
 * const holes = new SkippedLog();
 * const subject = () => ({ kind: 'process', pid: 1, field: 'name' });
 * holes.attempt(subject, () => { throw new OsiError('PAGE_NOT_PRESENT', 'page not present'); }) // => null
 * formatSubject(holes.records[0].subject) // => 'pid 1: name'
 * ```
 */
export class SkippedLog {
  /** The things that were skipped so far, in the order of the walk. */
  readonly records: Skipped[] = [];
  /** What was noticed about things that were read whole, in the order of the walk. */
  readonly findings: Finding[] = [];

  /** Notes one thing that was left out. */
  add(subject: Subject, reason: OsiError): void {
    this.records.push({ subject, reason });
  }

  /**
   * The value of `read`, or `null` with a record where it fails. Errors that are not an {@link OsiError} pass through.
   * `subject` is only called on failure.
   */
  attempt<Value>(subject: () => Subject, read: () => Value): Value | null {
    try {
      return read();
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      this.add(subject(), error);
      return null;
    }
  }
}
