import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { CommanderError } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { createProgram } from '../program';

const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');
const PROFILE = ['--kconf-file', kconfFile];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osi-linux-export-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
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
    environment: { XDG_CONFIG_HOME: join(folder, 'config') },
    exitCode: ExitCode.Complete,
  };
  try {
    await createProgram(io).parseAsync(['node', 'osi-linux', ...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.exitCode = ExitCode.Usage;
  }
  return { out, err, exitCode: io.exitCode };
}

const at = (name: string) => join(folder, name);
const exportTo = (name: string, ...options: string[]) =>
  run('export', dumpFile, at(name), ...PROFILE, ...options);

describe('osi-linux export', () => {
  it('writes a small kdump that answers the same without a key file', async () => {
    const { out, err, exitCode } = await exportTo('small.kdump', '--json');
    const { size } = statSync(at('small.kdump'));
    expect({ err, exitCode }).toEqual({ err: '', exitCode: 0 });
    expect(JSON.parse(out)).toEqual({
      format: 'kdump',
      pages: expect.any(Number),
      bytes: size,
      touched: true,
      profile: { from: 'section', group: 'debian-12-amd64' },
    });
    expect(size).toBeLessThan(1.5 * 2 ** 20);
    expect(statSync(at('small.kdump')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['small.kdump']);
    for (const listing of ['ps', 'files', 'current', 'env']) {
      const again = await run(listing, at('small.kdump'), '--json');
      expect(again).toEqual(await run(listing, dumpFile, ...PROFILE, '--json'));
    }
    const identity = await run('identify', at('small.kdump'), '--json');
    expect(JSON.parse(identity.out)).toMatchObject({
      format: 'kdump',
      profile: { from: 'section', group: 'debian-12-amd64' },
      findings: expect.arrayContaining([
        { what: 'section', value: 'debian-12-amd64', evidence: 'note of the dump' },
      ]),
    });
  });

  it.each(['raw', 'lime'])('keeps the profile beside a %s file, and says so', async (format) => {
    const { err, exitCode } = await exportTo('dump', '--format', format);
    expect(exitCode).toBe(0);
    expect(err).toContain(`keep ${at('dump.kernelinfo.conf')} with it`);
    const beside = ['--kconf-file', at('dump.kernelinfo.conf'), '--json'];
    const again = await run('ps', at('dump'), ...beside);
    expect(again.out).toBe((await run('ps', dumpFile, ...PROFILE, '--json')).out);
  });

  it('writes every page with --all', async () => {
    const identity = JSON.parse((await run('identify', dumpFile, ...PROFILE, '--json')).out) as {
      memory: { pages: number };
    };
    const { out } = await exportTo('all.elf', '--all', '--format', 'elf', '--json');
    expect(JSON.parse(out)).toMatchObject({ pages: identity.memory.pages, touched: false });
  });

  it('tells people what it wrote', async () => {
    const { out } = await exportTo('dump.elf', '--format', 'elf');
    expect(out).toMatch(
      /dump\.elf: elf, \d+ pages that the listings need, \d+ bytes, profile \[debian-12-amd64\] \(section\)\n$/,
    );
  });

  it('leaves a file alone that has content, unless it is told otherwise', async () => {
    writeFileSync(at('dump'), 'mine');
    const refused = await exportTo('dump');
    expect(refused).toMatchObject({ exitCode: 1, err: expect.stringContaining('FILE_EXISTS') });
    expect(readFileSync(at('dump'), 'utf8')).toBe('mine');
    expect((await exportTo('dump', '--force')).exitCode).toBe(0);
    writeFileSync(at('empty'), '');
    expect((await exportTo('empty')).exitCode).toBe(0);
    writeFileSync(at('raw.kernelinfo.conf'), '[mine]\n');
    expect((await exportTo('raw', '--format', 'raw')).err).toContain('FILE_EXISTS');
    expect(readdirSync(folder).sort()).toEqual(['dump', 'empty', 'raw.kernelinfo.conf']);
  });

  it('never writes onto what it reads, also through a link', async () => {
    symlinkSync(dumpFile, at('link'));
    const before = statSync(dumpFile);
    const { err, exitCode } = await exportTo('link', '--force');
    expect({ err, exitCode }).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('is the source itself'),
    });
    expect(statSync(dumpFile).mtimeMs).toBe(before.mtimeMs);
  });

  it('leaves nothing behind where it fails', async () => {
    writeFileSync(at('other.conf'), '');
    const wrong = ['--kconf-file', at('other.conf'), '--kconf-group', 'no-such-group'];
    const { err, exitCode } = await run('export', dumpFile, at('out'), ...wrong);
    expect({ err, exitCode }).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('PROFILE_GROUP_UNKNOWN'),
    });
    expect((await exportTo('missing/out')).err).toContain('create the folder first');
    expect(readdirSync(folder)).toEqual(['other.conf']);
  });

  it('refuses wrong usage', async () => {
    expect((await exportTo('out', '--all', '--touched')).exitCode).toBe(2);
    expect((await exportTo('out', '--format', 'avml')).exitCode).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('--part', () => {
  it('is refused where the dump has no parts', async () => {
    const { err, exitCode } = await run('ps', dumpFile, '--part', kconfFile, ...PROFILE);
    expect({ err, exitCode }).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('DUMP_PART_UNEXPECTED'),
    });
    expect((await run('ps', dumpFile, '--part', at('none'), ...PROFILE)).err).toContain('SOURCE_MISSING');
  });
});
