import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { BtfWriter } from '@osi-linux/test-fixtures/type-writers';
import { CommanderError } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import type { Io } from '../../terminal/io';
import { createProgram } from '../program';

// Derived and written sections are tested on whole guests: main-job.guest.test.ts.
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
    expect(err).toMatch(/cannot derive a section from the dump: the kernel's symbols cannot be read/);
    expect(err).toMatch(/code: PROFILE_NOT_DERIVABLE/);
    expect(existsSync(output)).toBe(false);
  });

  it('is used in a wrong way without a group, or with a name that GLib cannot hold', async () => {
    expect((await run(dumpFile)).usage).toBe(true);
    const { err, usage } = await run(dumpFile, '--group', 'a]b');
    expect(usage).toBe(true);
    expect(err).toMatch(/not a group name: "a\]b"/);
  });
});

/** A file of this folder. */
function put(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('kconf derive, of files of a kernel', () => {
  const list = put('System.map', 'ffffffff81000000 T _text\nffffffff82613780 D init_task\n');
  const banner = 'Linux version 6.1.0-57-amd64 (a@b) (gcc) #1 SMP Debian 6.1.192-3 (2026-11-26)';
  const writer = new BtfWriter();
  writer.struct('task_struct', 2048, [{ name: 'pid', type: writer.int('int', 4), bits: 4096 }]);
  const btf = put('btf', writer.bytes());

  it('says what to add to a list of symbols, and to types', async () => {
    const alone = await run(list, '--group', 'g', '--output', output);
    expect(alone).toMatchObject({ out: '', exitCode: 1 });
    expect(alone.err).toMatch(/System\.map is a symbol list, which has no types\n/);
    expect(alone.err).toMatch(/code: KERNEL_FILE_INCOMPLETE/);
    const types = await run(btf, '--group', 'g', '--output', output);
    expect(types.err).toMatch(/btf has no symbols\n.*add the symbols of the same kernel: --symbols /s);
    expect(existsSync(output)).toBe(false);
  });

  it('refuses a section that lacks keys, or takes it as it is told to', async () => {
    const words = [btf, '--symbols', list, '--banner', banner, '--group', 'g'];
    const refused = await run(...words, '--output', output);
    expect(refused).toMatchObject({ out: '', exitCode: 1 });
    expect(refused.err).toMatch(/refused: \d+ missing items in the section \[g\]/);
    const taken = await run(...words, '--output', output, '--allow-incomplete');
    expect(taken.exitCode).toBe(0);
    const section = readFileSync(output, 'utf8');
    expect(section).toMatch(
      /^\[g\]\n# of the kernel's files: .*\nname = 6\.1\.0-57-amd64\|#1 SMP .*\|x86_64\n/,
    );
    expect(section).toMatch(/^task\.init_addr = 18446744071601993600$/m);
    expect(section).toMatch(/^task\.per_cpu_offset_0_addr = 0$/m);
  });

  it('goes by the content of a file, in gzip too', async () => {
    const packed = put('dump.raw', gzipSync(writer.bytes()));
    const words = [
      '--symbols',
      list,
      '--banner',
      banner,
      '--group',
      'g',
      '--output',
      '-',
      '--allow-incomplete',
    ];
    const [plain, unpacked] = [await run(btf, ...words), await run(packed, ...words)];
    expect(unpacked.err).toMatch(
      /^unpacking .*dump\.raw \(gzip, \d+ \w+\) to a temporary file in .* \(\d+ \w+ free\)/,
    );
    expect([unpacked.out, unpacked.exitCode]).toEqual([plain.out, 0]);
  });

  it('tells in JSON where types and symbols are from', async () => {
    const words = ['--symbols', list, '--group', 'g', '--output', '-', '--allow-incomplete', '--json'];
    const { evidence, action } = JSON.parse((await run(btf, ...words)).out);
    expect(action).toBe('printed');
    expect(evidence).toContainEqual({ what: 'types', value: 'BTF', evidence: btf });
    expect(evidence).toContainEqual({ what: 'symbols', value: 'a table', evidence: list });
  });

  it.each([
    [
      '--symbols for a guest',
      [dumpFile, '--symbols', list],
      /is a guest: --symbols and --banner apply only to kernel files/,
    ],
    ['--banner for a guest', [dumpFile, '--banner', banner], /hint: leave them out/],
    ['a dump as --symbols', [btf, '--symbols', dumpFile], /has no kernel symbols/],
    ['a file that is not there', [btf, '--symbols', join(folder, 'absent')], /code: SOURCE_MISSING/],
    ['a banner that is none', [btf, '--symbols', list, '--banner', '6.1'], /code: BANNER_MALFORMED/],
    ['a file in bzip2', [put('isf.bz2', 'BZh91AY')], /hint: unpack the file first: bunzip2 -k FILE/],
  ])('refuses %s', async (_, words, expected) => {
    const { err, exitCode } = await run(...words, '--group', 'g', '--output', '-');
    expect(exitCode).toBe(1);
    expect(err).toMatch(expected);
  });
});
