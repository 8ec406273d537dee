import { describe, expect, it } from 'vitest';
import type { OutputFormat } from '../settings/settings';
import type { JsonRow } from './json-value';
import { RowStream } from './row-stream';

const COLUMNS = [
  { field: 'pid', title: 'PID', width: 4, align: 'right' },
  { field: 'name', title: 'NAME', width: 6 },
  { field: 'event', title: 'EVENT', width: 2 },
] as const;

function print(format: OutputFormat, ...rows: readonly JsonRow[]): string {
  let text = '';
  const stream = new RowStream(COLUMNS, format, (piece) => {
    text += piece;
  });
  for (const row of rows) stream.add(row);
  expect(stream.count).toBe(rows.length);
  stream.end();
  return text;
}

const [one, two] = [
  { pid: 1, name: 'a\nb', event: 'exec' },
  { pid: 12345, name: null, event: 'x' },
];

describe('RowStream', () => {
  it('prints one JSON array', () => {
    expect(JSON.parse(print('json', one, two))).toEqual([one, two]);
    expect(JSON.parse(print('json', one))).toEqual([one]);
    expect(JSON.parse(print('json'))).toEqual([]);
  });

  it('prints a row a line', () => {
    expect(print('ndjson', one, two)).toBe(`${JSON.stringify(one)}\n${JSON.stringify(two)}\n`);
    expect(print('ndjson')).toBe('');
  });

  it('prints columns of fixed width, without raw control characters', () => {
    expect(print('table', one, two)).toBe(
      [' PID  NAME    EVENT', '   1  a\\nb    exec', '12345  -       x', ''].join('\n'),
    );
  });
});
