import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../repository';

const command = join(repository, 'tools', 'cli', 'dist', 'kconf-import.js');

interface Row {
  readonly name: string;
  readonly runs: number;
  readonly old: number;
  readonly new: number;
  readonly other: number;
}

function readTable(printed: string): Row[] {
  const lines = printed.split('\n').filter((line) => line.startsWith('| ') && !/^\| (case|-)/.test(line));
  return lines.map((line) => {
    const [name = '', ...counts] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [runs = Number.NaN, old = Number.NaN, now = Number.NaN, other = Number.NaN] = counts.map(Number);
    return { name, runs, old, new: now, other };
  });
}

// Mounts file systems, so that it needs root as the guests do.
describe('kconf-import, killed, without space and in races', () => {
  it('leaves the old file or the new one', () => {
    expect(existsSync(command), 'build first: pnpm run build').toBe(true);
    const script = join(repository, 'scripts', 'crash-campaign.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '60'], { encoding: 'utf8' });
    console.log(stdout);
    const rows = readTable(stdout);
    expect([rows.length, stderr]).toEqual([13, '']);
    for (const row of rows) {
      expect(row.other, row.name).toBe(0);
      expect(row.runs, row.name).toBeGreaterThan(0);
      expect(row.old + row.new, row.name).toBe(row.runs);
    }
    // A campaign that never loses a run proves nothing.
    const sum = (count: (row: Row) => number): number => rows.reduce((total, row) => total + count(row), 0);
    expect(sum((row) => row.old)).toBeGreaterThan(0);
    expect(sum((row) => row.new)).toBeGreaterThan(0);
    expect(status).toBe(0);
  });
});
