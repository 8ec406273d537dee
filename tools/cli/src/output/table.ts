import stringWidth from 'string-width';

/** A column as the table sees it: its title and the side that its cells are aligned to. */
export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** How many rows, spread over all of them, decide the widths of the columns. */
const SAMPLE = 1000;
/** Columns are not padded beyond this width; a longer cell moves the rest of its own row. */
const WIDEST = 48;
/** A column of text is not made narrower than this to fit a terminal. */
const NARROWEST = 20;
const GAP = '  ';
/** No more code units of a text are looked at for each column of its width. */
const CODE_UNITS = 4;
const CHARACTERS = new Intl.Segmenter();

/**
 * Yields the lines of a table, one at a time: the titles, then a line for each row.
 *
 * The widths come from a sample of the rows, so neither the number of rows nor one long cell makes the other lines
 * longer. On a terminal of `width` columns, the columns of text are made narrow enough to fit, and longer cells are cut;
 * without one, every cell is whole.
 */
export function* eachTableLine<Row>(
  columns: readonly TableColumn[],
  rows: readonly Row[],
  cells: (row: Row) => readonly string[],
  width: number | undefined,
): Generator<string> {
  const titles = columns.map(({ title }) => title);
  const sample = [titles, ...sampleRows(rows).map(cells)];
  const widths = columns.map((_, index) => Math.max(...sample.map((line) => widthOf(line[index] ?? ''))));
  if (width !== undefined) shrink(widths, columns, width);
  yield formatLine(titles, columns, widths, width);
  for (const row of rows) yield formatLine(cells(row), columns, widths, width);
}

function sampleRows<Row>(rows: readonly Row[]): readonly Row[] {
  const step = Math.ceil(rows.length / SAMPLE);
  return step <= 1 ? rows : rows.filter((_, index) => index % step === 0 || index === rows.length - 1);
}

function widthOf(cell: string): number {
  // The first code units are enough to learn that a cell is too wide.
  return Math.min(WIDEST, stringWidth(cell.slice(0, CODE_UNITS * WIDEST)));
}

/** Makes the widest columns of text narrower until the last column has a third of the terminal, or all that it needs. */
function shrink(widths: number[], columns: readonly TableColumn[], width: number): void {
  const last = Math.min(widths.at(-1) ?? 0, Math.floor(width / 3));
  const sum = widths.slice(0, -1).reduce((total, each) => total + each + GAP.length, 0);
  for (let excess = sum + last - width; excess > 0; excess -= 1) {
    const texts = widths.map((each, index) => {
      return index === widths.length - 1 || columns[index]?.align === 'right' ? 0 : each;
    });
    const widest = Math.max(...texts);
    if (widest <= NARROWEST) return;
    widths[texts.indexOf(widest)] = widest - 1;
  }
}

function formatLine(
  cells: readonly string[],
  columns: readonly TableColumn[],
  widths: readonly number[],
  width: number | undefined,
): string {
  const padded = cells.map((cell, index) => {
    const room = widths[index] ?? 0;
    if (columns[index]?.align === 'right') return padding(cell, room) + cell;
    if (index === cells.length - 1) return cell;
    // Numbers and what is not for a terminal are never cut.
    const text = width === undefined ? cell : cut(cell, room);
    return text + padding(text, room);
  });
  const line = padded.join(GAP).trimEnd();
  return width === undefined ? line : cut(line, width);
}

function padding(cell: string, width: number): string {
  return cell.length > CODE_UNITS * WIDEST ? '' : ' '.repeat(Math.max(0, width - stringWidth(cell)));
}

/** The beginning of a text that fits, with an ellipsis if it is not all of it. */
function cut(text: string, width: number): string {
  const beginning = text.slice(0, CODE_UNITS * (width + 1));
  if (beginning.length === text.length && stringWidth(text) <= width) return text;
  let [end, room] = [0, width - 1];
  for (const { segment, index } of CHARACTERS.segment(beginning)) {
    room -= stringWidth(segment);
    if (room < 0) break;
    end = index + segment.length;
  }
  return `${text.slice(0, end)}…`;
}
