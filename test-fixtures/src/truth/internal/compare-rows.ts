import { compareFields, compareOrder, type Expected, type Row } from './difference';

/** How the rows of a listing are identified and named. */
export interface RowForm {
  /** The key that no two rows share. */
  readonly key: (row: Row) => string;
  /** How sentences name a row. */
  readonly describe: (row: Row) => string;
}

/** The differences: rows that only one side has, and sentences about the others. */
export interface RowDifferences {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly sentences: readonly string[];
}

/** Compares rows by their keys, field by field, and their order. */
export function compareRows(
  expected: readonly Expected[],
  received: readonly Row[],
  { key, describe }: RowForm,
): RowDifferences {
  const wanted = new Map(expected.map((row) => [key(row), row]));
  const seen = new Set<string>();
  const extra: string[] = [];
  const sentences: string[] = [];
  for (const row of received) {
    const fields = wanted.get(key(row));
    if (fields === undefined) extra.push(describe(row));
    else if (seen.has(key(row))) sentences.push(`${describe(row)}: more than one row`);
    else sentences.push(...compareFields(describe(fields), fields, row));
    seen.add(key(row));
  }
  const missing = expected.filter((row) => !seen.has(key(row))).map(describe);
  return { missing, extra, sentences: [...sentences, ...compareOrder([...wanted.keys()], [...seen])] };
}

/** All that differs, as sentences. */
export function sentencesOf({ missing, extra, sentences }: RowDifferences): string[] {
  return [
    ...missing.map((row) => `missing row: ${row}`),
    ...extra.map((row) => `extra row: ${row}`),
    ...sentences,
  ];
}
