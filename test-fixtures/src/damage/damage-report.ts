import { addCounts, type DamageCounts, noCounts } from './comparison';
import type { DamagedAnswers } from './damage-subject';

/** The effects of many damages, put together. */
export class DamageTally {
  /** By listing. */
  readonly listings = new Map<string, DamageCounts>();
  /** By the kind of damage. */
  readonly damages = new Map<string, { readonly counts: DamageCounts; runs: number; refused: number }>();
  /** How many rows have another value in a field, by listing and field. */
  readonly fields = new Map<string, number>();
  /** The largest number of steps as a multiple of those in the sound guest. */
  effort = 0;

  /** How many guests were damaged. */
  get runs(): number {
    return [...this.damages.values()].reduce((sum, { runs }) => sum + runs, 0);
  }

  /** How many of these could not be opened any more. */
  get refused(): number {
    return [...this.damages.values()].reduce((sum, { refused }) => sum + refused, 0);
  }

  /** How many of these could be opened, and were read: the counts of rows are theirs. */
  get read(): number {
    return this.runs - this.refused;
  }

  /** All of it as plain objects. */
  toJSON(): object {
    const { effort, runs, refused, read } = this;
    const [listings, damages, fields] = [this.listings, this.damages, this.fields].map(Object.fromEntries);
    return { runs, refused, read, effort, listings, damages, fields };
  }

  /** Counts the answers of a damaged guest; `undefined` if it could not be opened. */
  add(damage: string, answers: DamagedAnswers | undefined): void {
    const sum = this.damages.get(damage) ?? { counts: noCounts(), runs: 0, refused: 0 };
    this.damages.set(damage, sum);
    sum.runs += 1;
    if (answers === undefined) sum.refused += 1;
    this.effort = Math.max(this.effort, answers?.effort ?? 0);
    for (const { field } of answers?.changes ?? []) this.fields.set(field, (this.fields.get(field) ?? 0) + 1);
    for (const [listing, counts] of answers?.counts ?? []) {
      const of = this.listings.get(listing) ?? noCounts();
      this.listings.set(listing, of);
      addCounts(of, counts);
      addCounts(sum.counts, counts);
    }
  }
}

/** A table of damages: how many guests were refused, how many read, and what became of the rows of those. */
export function damageCells(name: string, { damages }: DamageTally): string[][] {
  const cells = [...damages].map(([damage, { counts, runs, refused }]) => [
    ...[damage, String(refused), String(runs - refused)],
    ...COLUMNS.map((column) => String(counts[column])),
  ]);
  return [[name, 'refused', 'read', ...COLUMNS], ...cells];
}

const COLUMNS = ['rows', 'same', 'nulled', 'lost', 'changed', 'silent', 'invented'] as const;

/** The cells of a table of what became of the rows, its head first; numbers are rows. */
export function tallyCells(name: string, counts: Iterable<readonly [string, DamageCounts]>): string[][] {
  const lines = [...counts].map(([of, found]) => [of, ...COLUMNS.map((column) => String(found[column]))]);
  return [[name, ...COLUMNS], ...lines];
}
