import { describe, expect, it } from 'vitest';
import type { OutputFormat } from '../settings/settings';
import type { JsonRow } from './json-value';
import { printRows } from './print-rows';

const COLUMNS = [
  { field: 'pid', title: 'PID', align: 'right' },
  { field: 'name', title: 'NAME' },
  { field: 'cmdline', title: 'CMDLINE' },
] as const;

async function print(rows: readonly JsonRow[], width?: number, format: OutputFormat = 'table') {
  const pieces: string[] = [];
  await printRows(rows, COLUMNS, format, { write: (text) => void pieces.push(text), columns: width });
  return pieces;
}

async function lines(rows: readonly JsonRow[], width?: number): Promise<readonly string[]> {
  return (await print(rows, width)).join('').split('\n').slice(0, -1);
}

const row = (pid: number, name: string, ...cmdline: readonly string[]) => ({ pid, name, cmdline });

describe('printRows', () => {
  it('aligns the columns, and writes no blanks after the last', async () => {
    const rows = [row(1, 'systemd', '/sbin/init', 'a\nb'), { pid: 12345, name: null, cmdline: [] }];
    expect(await lines(rows)).toEqual([
      '  PID  NAME     CMDLINE',
      '    1  systemd  /sbin/init a\\nb',
      '12345  -',
    ]);
    expect(await lines([])).toEqual(['PID  NAME  CMDLINE']);
  });

  it('counts the columns of a terminal, not the characters', async () => {
    expect(await lines([row(1, '日本', 'x'), row(2, 'e\u0301', 'y'), row(3, 'abcd', 'z')])).toEqual([
      'PID  NAME  CMDLINE',
      '  1  日本  x',
      '  2  e\u0301     y',
      '  3  abcd  z',
    ]);
  });

  it('does not pad to one long cell, and writes it whole if there is no terminal', async () => {
    const long = 'x'.repeat(2_000_000);
    const rows = Array.from({ length: 2000 }, (_, pid) => row(pid, 'sh', pid === 7 ? long : 'sh'));
    const text = (await print(rows)).join('');
    expect(text).toContain(`\n   7  sh    ${long}\n`);
    expect(text.length).toBeLessThan(long.length + 2000 * 20);
    const named = (await print([row(1, long, 'tail'), row(2, 'sh', 'sh')])).join('');
    expect(named).toContain(`${long}  tail\n`);
    expect(named.length).toBeLessThan(long.length + 300);
  });

  it('writes pieces of many rows, the first before the last row is made', async () => {
    let made = 0;
    const rows = Array.from({ length: 60_000 }, (_, pid) => ({
      pid,
      name: 'sh',
      get cmdline() {
        made += 1;
        return ['sh'];
      },
    }));
    const madeAtPiece: number[] = [];
    const write = () => void madeAtPiece.push(made);
    await printRows(rows, COLUMNS, 'table', { write, columns: undefined });
    expect(madeAtPiece.length).toBeLessThan(60);
    expect(madeAtPiece[0]).toBeLessThan(10_000);
  });

  it('makes the columns of text fit a terminal, and cuts what is longer', async () => {
    const rows = [
      row(1, 'a-process-with-a-very-long-name', '/usr/bin/program', '--option'),
      row(2, 'sh', 'sh'),
    ];
    expect(await lines(rows, 40)).toEqual([
      'PID  NAME                  CMDLINE',
      '  1  a-process-with-a-ve…  /usr/bin/pro…',
      '  2  sh                    sh',
    ]);
    for (const width of [1, 5, 20, 40, 60, 200]) {
      for (const line of await lines(rows, width)) expect(line.length).toBeLessThanOrEqual(width);
    }
    const wide = row(1, '日本語'.repeat(5), '日本語日本語');
    expect((await lines([wide], 32)).at(-1)).toBe('  1  日本語日本語日本語…   日本…');
  });

  it('cuts no number and no address, so long as the terminal is wide enough for it', async () => {
    const rows = [{ pid: 123456789, name: '0xffffffff81000000', cmdline: ['long', 'enough'] }];
    expect(await lines(rows, 35)).toEqual([
      '      PID  NAME                CMD…',
      '123456789  0xffffffff81000000  lon…',
    ]);
  });

  it('takes a terminal that reports no size for none', async () => {
    expect(await lines([row(1, 'sh', 'x'.repeat(500))], 0)).toEqual(
      await lines([row(1, 'sh', 'x'.repeat(500))]),
    );
  });

  it.each([[[]], [[row(1, 'sh', 'a', 'b'), { pid: 2, name: 'a\nb', cmdline: null, more: { x: [{}] } }]]])(
    'prints the JSON array of %j, indented, and a row a line',
    async (rows: readonly JsonRow[]) => {
      expect((await print(rows, undefined, 'json')).join('')).toBe(`${JSON.stringify(rows, null, 2)}\n`);
      const expected = rows.map((each) => `${JSON.stringify(each)}\n`).join('');
      expect((await print(rows, undefined, 'ndjson')).join('')).toBe(expected);
    },
  );
});
