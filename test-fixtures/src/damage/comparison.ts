import { type Skipped, subjectKey } from '@osi-linux/core';
import type { Answered, DamagedListing, Row } from './listings';
import { valueText } from './listings';

/** The fate of the rows of a listing, or of many. */
export interface DamageCounts {
  /** Rows that the sound guest has. */
  rows: number;
  /** Rows that are as in the sound guest. */
  same: number;
  /** Rows with a field that is newly null, reported as missing by the listing. */
  nulled: number;
  /** Rows with another value in a field: bytes that are as plausible as those that they replace. */
  changed: number;
  /** Rows that are not there, with a report of the listing. */
  lost: number;
  /** Rows or fields that are not there, without a report. */
  silent: number;
  /** Rows that the sound guest does not have. */
  invented: number;
}

/** Counts of nothing. */
export function noCounts(): DamageCounts {
  return { rows: 0, same: 0, nulled: 0, changed: 0, lost: 0, silent: 0, invented: 0 };
}

/** Adds counts up. */
export function addCounts(sum: DamageCounts, more: DamageCounts): void {
  for (const key of Object.keys(sum) as (keyof DamageCounts)[]) sum[key] += more[key];
}

/** The rows of a listing by name. */
export class SoundRows {
  private readonly listing: DamagedListing;
  private readonly rows = new Map<string, Row>();
  private readonly aliases = new Map<string, string[]>();
  /**
   * The parts of the sound guest that could not be read either: a page that its owner had protected from
   * reading.
   */
  private readonly skipped: ReadonlySet<string>;

  constructor(listing: DamagedListing, { rows, skipped }: Answered) {
    this.listing = listing;
    this.skipped = new Set(skipped.map(recordKey));
    for (const [key, row] of numbered(rows, listing.key)) {
      this.rows.set(key, row);
      for (const alias of listing.aliases?.(row) ?? []) {
        const keys = this.aliases.get(alias) ?? [];
        this.aliases.set(alias, keys);
        keys.push(key);
      }
    }
  }

  /** Counts the fates of the rows in a damaged guest; changed or new rows are passed to `report`. */
  compare({ rows, skipped }: Answered, report: RowReport): DamageCounts {
    const counts = { ...noCounts(), rows: this.rows.size };
    const flagged = this.newlySkipped(skipped).length > 0;
    const found = new Set<string>();
    for (const [row, known] of this.match(flagged && this.listing.isOfGaps === true ? [] : rows)) {
      const { fate, field } = known === undefined ? fateOfUnknown(row, flagged) : this.compareRow(known, row);
      if (known !== undefined) found.add(known);
      if (fate === 'invented' || fate === 'changed') report(fate, row, field);
      counts[fate === 'nulled' && !flagged ? 'silent' : fate] += 1;
    }
    counts[flagged ? 'lost' : 'silent'] += this.rows.size - found.size;
    return counts;
  }

  /** The parts that are missing from the damaged guest alone. */
  newlySkipped(skipped: readonly Skipped[]): Skipped[] {
    return skipped.filter((record) => !this.skipped.has(recordKey(record)));
  }

  /** Rows with the names of those of the sound guest that they are, each of which is given once. */
  private match(rows: readonly Row[]): Map<Row, string | undefined> {
    const free = new Set(this.rows.keys());
    const matched = new Map<Row, string | undefined>();
    for (const [key, row] of numbered(rows, this.listing.key))
      matched.set(row, free.delete(key) ? key : undefined);
    for (const [row, key] of matched) {
      if (key !== undefined) continue;
      const candidates = (this.listing.aliases?.(row) ?? []).flatMap(
        (alias) => this.aliases.get(alias) ?? [],
      );
      const other = candidates.find((candidate) => free.has(candidate));
      if (other !== undefined && free.delete(other)) matched.set(row, other);
    }
    return matched;
  }

  private compareRow(key: string, row: Row): RowFate {
    const sound = this.rows.get(key);
    let fate: RowFate = { fate: 'same' };
    for (const [field, value] of Object.entries(row)) {
      if (isEqual(sound?.[field], value)) continue;
      if (value !== null) return { fate: 'changed', field };
      fate = { fate: 'nulled', field };
    }
    return fate;
  }
}

function recordKey({ subject, reason }: Skipped): string {
  return `${subjectKey(subject)} ${reason.code}`;
}

/** Fields are texts, numbers, and lists of texts. */
function isEqual(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && valueText(one) === valueText(other));
}

/** Hears of a row that has changed in a field, or that is new. */
export type RowReport = (fate: 'changed' | 'invented', row: Row, field: string | undefined) => void;

interface RowFate {
  readonly fate: 'same' | 'nulled' | 'changed' | 'invented';
  readonly field?: string;
}

/** A row that lacks a field, with a report, may be a known one whose name was in that field. */
function fateOfUnknown(row: Row, flagged: boolean): RowFate {
  const isPartial = Object.values(row).includes(null);
  return isPartial && flagged ? { fate: 'changed', field: 'name' } : { fate: 'invented' };
}

/** Rows with their names; of rows that are alike each has a name of its own. */
function* numbered(rows: readonly Row[], key: (row: Row) => string): Generator<readonly [string, Row]> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const name = key(row);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    yield [`${name} ${count}`, row];
  }
}
