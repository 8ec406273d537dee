import { escapeControls } from '@osi-linux/core';
import type { OutputFormat } from '../settings/settings';
import type { JsonRow, JsonValue } from './json-value';
import type { TableColumn } from './table';

/** A column of the table for people. */
export interface Column extends TableColumn {
  readonly field: string;
}

/** Where rows go: `columns` is the terminal's width, `undefined` if it is not a terminal. */
export interface RowOutput {
  write(text: string): void;
  readonly columns: number | undefined;
}

/** Lines are collected up to this many characters before they are written. */
const PIECE = 1 << 16;

/**
 * Prints rows as one JSON array, as a row a line, or as a table without raw control characters.
 *
 * The text is made a row at a time, so it needs no more memory than the longest row.
 */
export async function printRows(
  rows: readonly JsonRow[],
  columns: readonly Column[],
  format: OutputFormat,
  out: RowOutput,
): Promise<void> {
  let text = '';
  for (const line of await rowLines(rows, columns, format, out.columns)) {
    text += `${line}\n`;
    if (text.length < PIECE) continue;
    out.write(text);
    text = '';
  }
  if (text !== '') out.write(text);
}

async function rowLines(
  rows: readonly JsonRow[],
  columns: readonly Column[],
  format: OutputFormat,
  width: number | undefined,
): Promise<Iterable<string>> {
  if (format === 'json') return eachJsonLine(rows);
  if (format === 'ndjson') return eachNdjsonLine(rows);
  const { eachTableLine } = await import('./table');
  const cells = (row: JsonRow) => columns.map(({ field }) => cellText(row[field] ?? null));
  // Some terminals have no size, and report 0.
  return eachTableLine(columns, rows, cells, width === 0 ? undefined : width);
}

function* eachNdjsonLine(rows: readonly JsonRow[]): Generator<string> {
  for (const row of rows) yield JSON.stringify(row);
}

/** The lines of the array as `JSON.stringify` indents it by two. */
function* eachJsonLine(rows: readonly JsonRow[]): Generator<string> {
  if (rows.length === 0) return yield '[]';
  yield '[';
  for (const [index, row] of rows.entries()) {
    const text = JSON.stringify(row, null, 2).replaceAll('\n', '\n  ');
    yield `  ${text}${index === rows.length - 1 ? '' : ','}`;
  }
  yield ']';
}

/** One cell: lists are joined by blanks, an absent value is a dash. */
export function cellText(value: JsonValue): string {
  if (value === null) return '-';
  if (Array.isArray(value)) return value.map((item) => escapeControls(String(item))).join(' ');
  return escapeControls(typeof value === 'string' ? value : JSON.stringify(value));
}
