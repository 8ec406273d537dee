import { escapeControls } from '@osi-linux/core';
import type { OutputFormat } from '../settings/settings';
import type { JsonRow, JsonValue } from './json-value';

/** A column of the table for people. */
export interface Column {
  readonly field: string;
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Where rows go: `columns` is the terminal's width, `undefined` if it is not a terminal. */
export interface RowOutput {
  write(text: string): void;
  readonly columns: number | undefined;
}

/** Prints rows as one JSON array, as a row a line, or as a table without raw control characters. */
export async function printRows(
  rows: readonly JsonRow[],
  columns: readonly Column[],
  format: OutputFormat,
  out: RowOutput,
): Promise<void> {
  if (format === 'json') out.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (format === 'ndjson') for (const row of rows) out.write(`${JSON.stringify(row)}\n`);
  else await printTable(rows, columns, out);
}

const NO_BORDER = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

async function printTable(
  rows: readonly JsonRow[],
  columns: readonly Column[],
  out: RowOutput,
): Promise<void> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: { ...NO_BORDER, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(columns.map(({ field }) => cellText(row[field] ?? null)));
  for (const line of table.toString().split('\n')) out.write(`${fit(line.trimEnd(), out.columns)}\n`);
}

/** One cell: lists are joined by blanks, an absent value is a dash. */
export function cellText(value: JsonValue): string {
  if (value === null) return '-';
  if (Array.isArray(value)) return value.map((item) => escapeControls(String(item))).join(' ');
  return escapeControls(typeof value === 'string' ? value : JSON.stringify(value));
}

function fit(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
