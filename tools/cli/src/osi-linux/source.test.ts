import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { openDumpFile } from '@osi-linux/guest/node';
import { writeQemuStream } from '@osi-linux/test-fixtures/dump-writers';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { createProgram } from './program';

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-source-'));
const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');
const profile = ['--kconf-file', kconfFile, '--json'];
const packedFile = join(folder, 'dump.elf.gz');
let expected: unknown;

// In a thread of its own: the command sleeps while it waits for an answer.
const SERVER = `
const { parentPort, workerData } = require('node:worker_threads');
const bytes = require('node:fs').readFileSync(workerData);
require('node:http').createServer((request, response) => {
  const [, first, last] = /^bytes=(\\d+)-(\\d+)$/.exec(request.headers.range).map(Number);
  const body = bytes.subarray(first, last + 1);
  const range = 'bytes ' + first + '-' + (first + body.length - 1) + '/' + bytes.length;
  response.writeHead(request.url === '/dump' ? 206 : 404, { 'Content-Range': range }).end(body);
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

async function run(args: readonly string[], terminal = false) {
  const [out, err]: [string[], string[]] = [[], []];
  const io: Io = {
    out: (data) => out.push(data.toString()),
    err: (text) => err.push(text),
    columns: undefined,
    colour: terminal,
    environment: { XDG_CONFIG_HOME: folder },
    exitCode: ExitCode.Complete,
  };
  try {
    await createProgram(io).parseAsync(['node', 'osi-linux', ...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.exitCode = ExitCode.Usage;
  }
  return { out: out.join(''), err, exitCode: io.exitCode };
}

beforeAll(async () => {
  writeFileSync(packedFile, gzipSync(readFileSync(dumpFile), { level: 1 }));
  expected = JSON.parse((await run(['ps', dumpFile, ...profile])).out);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a SOURCE in gzip', () => {
  const sizes = (line = '') => line.replaceAll(/\d+ (?:[KMGT]iB|bytes)/g, 'N');
  const line = `unpacking ${packedFile} (gzip, N) to a temporary file in ${tmpdir()} (N free); to avoid this each time, run gunzip once\n`;

  it('is unpacked, which is said', async () => {
    const { out, err, exitCode } = await run(['ps', packedFile, ...profile]);
    expect([JSON.parse(out), exitCode]).toEqual([expected, 0]);
    expect(sizes(err[0])).toBe(line);
    expect(err[1]).toMatch(/^warning: unpacked: \d+ bytes, into a temporary file/);
    expect(err).toHaveLength(2);
    expect(readdirSync(folder)).toEqual(['dump.elf.gz']);
  });

  it('is unpacked with progress on a terminal', async () => {
    const { err, exitCode } = await run(['identify', packedFile, ...profile], true);
    expect([exitCode, sizes(err[0]), err[1], err.at(-1)]).toEqual([0, line, '\r0 %', '\r\x1b[K']);
  });

  it('is found by identify', async () => {
    const { out } = await run(['identify', packedFile, ...profile]);
    const { format, findings } = JSON.parse(out) as { format: string; findings: { what: string }[] };
    expect([format, findings[0]?.what]).toEqual(['elf', 'unpacked']);
  });
});

describe('a SOURCE behind an address', () => {
  it('is read by ranges', async () => {
    const server = new Worker(SERVER, { eval: true, workerData: dumpFile });
    const [port] = (await once(server, 'message')) as [number];
    const { out, err, exitCode } = await run(['ps', `http://127.0.0.1:${port}/dump`, ...profile]);
    expect([JSON.parse(out), err, exitCode]).toEqual([expected, [], 0]);
    const missing = await run(['ps', `http://127.0.0.1:${port}/other`, ...profile]);
    expect([missing.out, missing.exitCode]).toEqual(['', 1]);
    expect(missing.err.join('')).toMatch(/no such file: http:.*\n.*\n {2}code: SOURCE_MISSING/);
    await server.terminate();
  });
});

describe('--below-4g', () => {
  it('says where the RAM of a stream goes on above 4 GiB', async () => {
    const path = join(folder, 'stream');
    const page = new Uint8Array(4096).fill(7);
    const blocks = [{ name: 'pc.ram', length: 0x200000 }];
    const rounds = [[{ block: 'pc.ram', page: 256, bytes: page }]];
    writeFileSync(path, writeQemuStream({ machine: 'pc-i440fx-7.2', blocks, rounds }));
    const startsOf = (belowFourGiB?: number) => {
      const { memory, close } = openDumpFile(path, { belowFourGiB });
      close();
      return memory.ranges.map(({ start }) => start);
    };
    expect([startsOf().includes(2 ** 32), startsOf(0x100000).includes(2 ** 32)]).toEqual([false, true]);
    expect((await run(['identify', path, ...profile, '--below-4g', '0x100000'])).out).toContain(
      '"qemu-stream"',
    );
    const bad = await run(['identify', path, ...profile, '--below-4g', '5']);
    expect([bad.exitCode, bad.err.join('')]).toEqual([1, expect.stringContaining('DUMP_SPLIT_INVALID')]);
    expect((await run(['identify', path, '--below-4g', 'half'])).exitCode).toBe(2);
    rmSync(path);
  });

  it('splits a raw file, and shows it', async () => {
    const path = join(folder, 'ram');
    writeFileSync(path, new Uint8Array(0x200000).fill(7));
    const { memory, findings, close } = openDumpFile(path, { belowFourGiB: 0x100000 });
    close();
    expect(memory.ranges).toEqual([
      { start: 0, end: 0x100000 },
      { start: 2 ** 32, end: 2 ** 32 + 0x100000 },
    ]);
    expect(findings).toEqual([
      {
        what: 'split',
        value: 'RAM from 0x100000 is placed at 4 GiB',
        evidence: 'belowFourGiB, as it was given',
      },
    ]);
    const whole = await run(['identify', path, ...profile, '--below-4g', '0x200000']);
    expect([whole.exitCode, whole.err.join('')]).toEqual([1, expect.stringContaining('DUMP_SPLIT_INVALID')]);
    rmSync(path);
  });

  it('is wrong usage for a dump that has addresses, which is never ignored', async () => {
    const { out, err, exitCode } = await run(['ps', dumpFile, ...profile, '--below-4g', '0x100000']);
    expect([out, exitCode, err.join('')]).toEqual(['', 2, expect.stringContaining('DUMP_SPLIT_UNUSED')]);
  });
});

describe('an option without a use', () => {
  it.each([
    [
      '--no-stop for a dump',
      ['ps', '--no-stop'],
      /--no-stop: not an option for .*, which is a dump\n.*leave out --no-stop/,
    ],
    ['--gdb for a dump', ['identify', '--gdb', 'localhost:1234'], /is not a QMP socket/],
    ['--part for a dump that was not split', ['ps', '--part', kconfFile], /DUMP_PART_UNEXPECTED/],
  ])('is wrong usage: %s', async (_, [command = '', ...options], expected) => {
    const { out, err, exitCode } = await run([command, dumpFile, ...profile, ...options]);
    expect([out, exitCode, err.join('')]).toEqual(['', 2, expect.stringMatching(expected)]);
  });

  it('is wrong usage for a live guest, before it is asked', async () => {
    const { err, exitCode } = await run([
      'ps',
      'qmp:/no/such/socket',
      '--below-4g',
      '0x100000',
      '--part',
      'x',
    ]);
    expect([exitCode, err.join('')]).toEqual([
      2,
      expect.stringContaining('--below-4g, --part: not an option for'),
    ]);
  });

  it('is left out for one of two sources, if the other one has a use for it', async () => {
    const path = join(folder, 'ram');
    writeFileSync(path, new Uint8Array(0x200000));
    const split = ['--below-4g', '0x100000'];
    const both = await run(['diff', dumpFile, dumpFile, ...profile, ...split]);
    expect([both.exitCode, both.err.join('')]).toEqual([2, expect.stringContaining('DUMP_SPLIT_UNUSED')]);
    const one = await run(['diff', dumpFile, path, ...profile, ...split]);
    expect(one.err.join('')).not.toContain('DUMP_SPLIT_UNUSED');
    rmSync(path);
  });
});

describe('a --kconf-file whose section does not fit', () => {
  it('is named in one line, before the section of the dump is used', async () => {
    const out = join(folder, 'carried.elf');
    expect(
      (await run(['export', dumpFile, out, '--format', 'elf', '--kconf-file', kconfFile])).exitCode,
    ).toBe(0);
    const other = readRecordedGuest('debian-11-amd64').kconfFile;
    const answer = await run(['ps', out, '--kconf-file', other, '--json']);
    expect([JSON.parse(answer.out), answer.exitCode]).toEqual([expected, 0]);
    const told = answer.err.filter((line) => line.includes('--kconf-file') || line.includes('does not fit'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^warning: key file: \[debian-11-amd64\] of .*kernelinfo\.conf does not fit this dump \(.+\); \[debian-12-amd64\] of the dump is used\n$/,
    );
    const fitting = await run(['ps', out, ...profile]);
    expect(fitting.err.join('')).not.toContain('key file');
  });
});
