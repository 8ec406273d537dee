import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { CommanderError } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import type { Io } from '../../terminal/io';
import { createProgram } from '../program';

// What is derived, and written, is shown on whole guests: main-job.guest.test.ts.
const { dumpFile } = readRecordedGuest('debian-12-amd64');
const folder = mkdtempSync(join(tmpdir(), 'kconf-derive-'));
const output = join(folder, 'kernelinfo.conf');
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...words: string[]) {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (data) => {
      out += data;
    },
    err: (text) => {
      err += text;
    },
    columns: undefined,
    colour: false,
    environment: { HOME: folder },
    exitCode: 0,
  };
  const usage = await createProgram(io)
    .parseAsync(['kconf', 'derive', ...words], { from: 'user' })
    .then(() => false)
    .catch((error: unknown) => error instanceof CommanderError);
  return { out, err, exitCode: io.exitCode, usage };
}

describe('kconf derive', () => {
  it('says what is missing where nothing can be derived, and writes nothing', async () => {
    const { out, err, exitCode } = await run(dumpFile, '--group', 'g', '--output', output);
    expect({ out, exitCode }).toEqual({ out: '', exitCode: 1 });
    expect(err).toMatch(/no section can be derived from the dump: the kernel's symbols cannot be read/);
    expect(err).toMatch(/code: PROFILE_NOT_DERIVABLE/);
    expect(existsSync(output)).toBe(false);
  });

  it('is used in a wrong way without a group, or with a name that GLib cannot hold', async () => {
    expect((await run(dumpFile)).usage).toBe(true);
    const { err, usage } = await run(dumpFile, '--group', 'a]b');
    expect(usage).toBe(true);
    expect(err).toMatch(/GLib cannot hold a group/);
  });
});
