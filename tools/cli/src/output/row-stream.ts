import type { OutputFormat } from '../settings/settings';
import type { JsonRow } from './json-value';
import { type Column, cellText } from './print-rows';

/** A column of a table whose rows are printed one by one. */
export interface StreamColumn extends Column {
  /** How many characters it has at least. */
  readonly width: number;
}

/** Prints rows as they come: as one JSON array, as a row a line, or as a table with columns of fixed width. */
export class RowStream {
  private readonly columns: readonly StreamColumn[];
  private readonly format: OutputFormat;
  private readonly write: (text: string) => void;
  private written = 0;

  constructor(columns: readonly StreamColumn[], format: OutputFormat, write: (text: string) => void) {
    this.columns = columns;
    this.format = format;
    this.write = write;
    if (format === 'table') this.line(columns.map(({ title }) => title));
  }

  /** How many rows were printed. */
  get count(): number {
    return this.written;
  }

  /** Prints one row. */
  add(row: JsonRow): void {
    if (this.format === 'json') this.write(`${this.written === 0 ? '[\n' : ',\n'}  ${JSON.stringify(row)}`);
    else if (this.format === 'ndjson') this.write(`${JSON.stringify(row)}\n`);
    else this.line(this.columns.map(({ field }) => cellText(row[field] ?? null)));
    this.written += 1;
  }

  /** Ends the array. */
  end(): void {
    if (this.format === 'json') this.write(this.written === 0 ? '[]\n' : '\n]\n');
  }

  private line(cells: readonly string[]): void {
    const padded = cells.map((cell, index) => {
      const { width = 0, align } = this.columns[index] ?? {};
      return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
    });
    this.write(`${padded.join('  ').trimEnd()}\n`);
  }
}
