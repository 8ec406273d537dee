// No program reads its own sentences back: with every text of a subject and of an error replaced, rows, differences,
// events, standard output and exit codes stay what they are.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAMAGE_KINDS, type DamageKind } from '@osi-linux/test-fixtures/damage';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../tools/cli/src/osi-linux/program';
import type { Io } from '../../tools/cli/src/terminal/io';
import { openSubject } from '../damage/damage-subjects';
import {
  plantedSampler,
  RewordedGuest,
  readAnswers,
  readDifferences,
  readEvents,
  withoutTexts,
} from './reworded-answers';

const timeout = 120_000;

const wording = vi.hoisted(() => ({ text: undefined as string | undefined }));

vi.mock('../../packages/core/src/errors/osi-error', async (original) => {
  const actual = await original<typeof import('../../packages/core/src/errors/osi-error')>();
  class OsiError extends actual.OsiError {
    constructor(...[code, message, options = {}]: ConstructorParameters<typeof actual.OsiError>) {
      const { text } = wording;
      const hint = text === undefined ? options.hint : text;
      super(code, text ?? message, { ...options, ...(hint === undefined ? {} : { hint }) });
    }
  }
  return { ...actual, OsiError };
});

vi.mock('../../packages/core/src/errors/subject-text', async (original) => {
  const actual = await original<typeof import('../../packages/core/src/errors/subject-text')>();
  const formatSubject: typeof actual.formatSubject = (subject) =>
    wording.text ?? actual.formatSubject(subject);
  return { ...actual, formatSubject };
});

/** Makes answers out of guests; it opens each anew. */
type Ask = () => unknown;

/** The answers in the product's own wording, and in another one, without the texts. */
async function inBothWordings(ask: Ask): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const text of [undefined, 'reworded']) {
    wording.text = text;
    try {
      answers.push(withoutTexts(await ask()));
    } finally {
      wording.text = undefined;
    }
  }
  return answers;
}

/** The first line that differs: the whole of both answers would be thousands of lines. */
function firstDifference(plain = '', reworded = ''): string | undefined {
  const others = reworded.split('\n');
  const lines = plain.split('\n');
  const at = lines.findIndex((line, index) => line !== others[index]);
  return at < 0 && lines.length === others.length ? undefined : `${at}: ${lines[at]} became ${others[at]}`;
}

/** The answer, which no wording changes. */
async function answerOf(ask: Ask): Promise<string> {
  const [plain, reworded] = await inBothWordings(ask);
  expect(firstDifference(plain, reworded)).toBeUndefined();
  return plain ?? '';
}

describe.each(['debian-12-amd64', 'debian-11-686-pae'])('reworded, the recorded guest %s', (name) => {
  const recorded = new RewordedGuest(name);
  const { subject } = openSubject(name);
  const { wordSize } = subject.kernel.memory.architecture;
  const damaged = (kind: DamageKind) => recorded.openDamaged(kind, subject.touched, wordSize);

  it.each(DAMAGE_KINDS)('lists the same rows, and misses the same: $name', { timeout }, async (kind) => {
    const answer = await answerOf(() => readAnswers(damaged(kind)));
    expect(answer).toSatisfy((text: string) => text.includes('"code"'));
  });

  it('finds the same differences of damaged snapshots', { timeout }, async () => {
    const answer = await answerOf(() => {
      const guests = DAMAGE_KINDS.map(damaged);
      return guests.slice(1).map((guest, index) => readDifferences(guests[index] ?? guest, guest));
    });
    for (const fact of ['"change": "changed"', '"when": "before"'])
      expect(answer.includes(fact), fact).toBe(true);
  });

  it('raises the same events, and other ones where a sentence is read back', async () => {
    const answer = await answerOf(() => readEvents(recorded));
    for (const fact of ['"process-end"', '"change": "removed"', '"field": "cmdline"'])
      expect(answer.includes(fact), fact).toBe(true);
    const planted = await inBothWordings(() => readEvents(recorded, plantedSampler()));
    expect(planted.map((text) => text.includes('"process-end"'))).toEqual([true, false]);
  });
});

describe('reworded, the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-reworded-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');
  const broken = join(folder, 'broken.elf');
  writeFileSync(broken, readFileSync(dumpFile).subarray(0, -0x60000));

  async function run(args: readonly string[]) {
    let [out, err] = ['', ''];
    const io: Io = {
      out: (data) => {
        out += String(data);
      },
      err: (text) => {
        err += text;
      },
      columns: undefined,
      colour: false,
      environment: { XDG_CONFIG_HOME: folder },
      exitCode: 0,
    };
    await createProgram(io).parseAsync(['node', 'osi-linux', ...args, '--kconf-file', kconfFile]);
    return { out, err, exitCode: io.exitCode };
  }

  it.each([
    ['ps', broken, '--json'],
    ['ps', broken, '--pid', '1', '--pid', '2', '--json'],
    ['threads', broken, '--pid', '1', '--json'],
    ['maps', broken, '--pid', '1', '--json'],
    ['files', broken, '--threads', '--json'],
    ['env', broken, '--json'],
    ['sockets', broken, '--json'],
    ['test', broken],
    ['diff', dumpFile, broken, '--json'],
  ])('%s prints the same, and names as much that is missing', async (...args) => {
    const errors: string[] = [];
    await answerOf(async () => {
      const { out, err, exitCode } = await run(args);
      errors.push(err);
      return { out, exitCode, lines: err.split('\n').length };
    });
    const [plain, reworded] = errors;
    expect(plain).toMatch(/^incomplete: /m);
    expect(plain).not.toContain('reworded');
    expect(reworded).toContain('reworded: reworded');
  });
});
