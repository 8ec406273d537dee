import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findKernelInfoBlock, type KconfIssue } from '@osi-linux/kconf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Io } from '../terminal/io';
import { processInput } from './input';
import { run } from './run';

const CORPUS = new URL('../../../../test-fixtures/logs/corpus/', import.meta.url).pathname;
const names = readdirSync(CORPUS)
  .filter((file) => file.endsWith('.log'))
  .map((file) => file.slice(0, -'.log'.length));

/** A finding as the corpus expects it: severity, line, a part of its message. */
type Expected = readonly [KconfIssue['severity'], number | null, string];

interface Report {
  readonly findings: readonly {
    readonly severity: KconfIssue['severity'];
    readonly line: number | null;
    readonly message: string;
  }[];
  readonly section: string | null;
  readonly diff: string | null;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-corpus-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const readExpected = (name: string): Expected[] =>
  existsSync(join(CORPUS, name)) ? JSON.parse(readFileSync(join(CORPUS, name), 'utf8')) : [];

async function importLog(
  name: string,
  ...more: string[]
): Promise<{ code: number; out: string; err: string }> {
  const text = { out: '', err: '' };
  const io: Io = {
    out: (data) => {
      text.out += String(data);
    },
    err: (data) => {
      text.err += data;
    },
    columns: undefined,
    colour: false,
    environment: {},
    exitCode: 0,
  };
  await run([join(CORPUS, `${name}.log`), '--group', 'corpus', ...more], io, processInput);
  return { code: io.exitCode, ...text };
}

describe('the log corpus', () => {
  it('has many logs, and for each a section or an error', () => {
    expect(names.length).toBeGreaterThanOrEqual(25);
    const files = readdirSync(CORPUS);
    for (const name of names) {
      const outcomes = [`${name}.conf`, `${name}.error.json`].filter((file) => files.includes(file));
      expect(outcomes, name).toHaveLength(1);
    }
  });

  it.each(names)('gives what is expected of %s', async (name) => {
    const isTaken = existsSync(join(CORPUS, `${name}.conf`));
    const notes = readExpected(`${name}.notes.json`);
    const errors = readExpected(`${name}.error.json`);
    const printed = await importLog(name, '--output', '-');
    expect(printed.code, printed.err).toBe(isTaken ? 0 : 1);
    expect(printed.out).toBe(isTaken ? readFileSync(join(CORPUS, `${name}.conf`), 'utf8') : '');

    const target = join(folder, `${name}.conf`);
    const { code, out } = await importLog(name, '--output', target, '--json');
    const { findings } = JSON.parse(out) as Report;
    expect([code, existsSync(target)]).toEqual(isTaken ? [0, true] : [1, false]);
    if (isTaken) expect(readFileSync(target, 'utf8')).toBe(printed.out);
    for (const [severity, line, part] of [...notes, ...errors]) {
      const message = expect.stringContaining(part);
      expect(findings).toContainEqual(expect.objectContaining({ severity, line, message }));
    }
    if (isTaken) expect(readIssues(name)).toEqual(notes.map(([severity, line]) => [severity, line]));
  });

  /** The issues of the reader of logs, without those of the checks of the section. */
  function readIssues(name: string): unknown[] {
    const { issues } = findKernelInfoBlock(readFileSync(join(CORPUS, `${name}.log`)));
    return issues.map(({ severity, line }) => [severity, line]);
  }
});
