import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import {
  flatChunks,
  writeElfCore,
  writeFlattened,
  writeKdump,
  writeQemuStream,
} from '@osi-linux/test-fixtures/dump-writers';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { afterAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { createProgram } from './program';

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-refused-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');
const section = ['--kconf-file', kconfFile];

/** The lines on standard error of a command that has no rows. */
async function refusal(...args: string[]): Promise<string[]> {
  const err: string[] = [];
  const io: Io = {
    out: (data) => expect(data.toString()).toBe(''),
    err: (text) => err.push(text),
    columns: undefined,
    colour: false,
    environment: { XDG_CONFIG_HOME: folder },
    exitCode: ExitCode.Complete,
  };
  await createProgram(io).parseAsync(['node', 'osi-linux', ...args]);
  expect(io.exitCode).toBe(ExitCode.Incomplete);
  return err.join('').trimEnd().split('\n');
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const hintOf = (lines: readonly string[]) => lines.find((line) => line.startsWith('  hint: '))?.slice(8);
const again = 'copy or take the dump again: a part of it is missing';
const page = Uint8Array.from({ length: 4096 }, (_, index) => index * 7);

describe('a dump without its kernel', () => {
  const pages = new Uint8Array(64 * 4096).fill(7);
  const elf = writeElfCore({ machine: 'x86_64', segments: [{ physical: 0x100000, bytes: pages }] });
  const stream = writeQemuStream({
    machine: 'pc-i440fx-7.2',
    blocks: [{ name: 'pc.ram', length: 0x200000 }],
    rounds: [[0, 1, 2, 3].map((number) => ({ block: 'pc.ram', page: number, bytes: page }))],
  });
  const shared = writeQemuStream({
    machine: 'pc-i440fx-7.2',
    capabilities: ['x-ignore-shared'],
    blocks: [{ name: 'pc.ram', length: 0x200000 }],
    rounds: [[]],
  });
  const part = writeKdump({ pages: new Map([[0, page]]), split: { start: 0, end: 1 }, maxFrame: 9 });

  it.each([
    ['cut.elf', elf.subarray(0, -100_000), /^warning: truncated: 100000 bytes are missing \(/, again],
    [
      'cut.stream',
      stream.subarray(0, Math.floor(stream.length / 2)),
      /^warning: truncated: the stream was/,
      again,
    ],
    ['cut.elf.gz', gzipSync(elf).subarray(0, -20), /^warning: truncated: only the first/, again],
    [
      'shared.stream',
      shared,
      /^warning: RAM: the stream has no page of pc.ram \(/,
      'give the file that QEMU keeps the RAM in (mem-path of its memory-backend-file), or take the dump without x-ignore-shared',
    ],
    [
      'part.kdump',
      part,
      /^warning: parts: a part of a split dump alone \(/,
      'give the other files of the split dump: --part FILE',
    ],
  ])(
    '%s: has what was noticed first, and a hint that follows from it',
    async (name, bytes, finding, hint) => {
      const path = write(name, bytes);
      for (const profile of [section, [...section, '--kconf-group', 'debian-12-amd64']]) {
        const lines = await refusal('ps', path, ...profile);
        const warnings = lines.filter((line) => line.startsWith('warning: '));
        expect(warnings.some((line) => finding.test(line))).toBe(true);
        expect(lines[lines.lastIndexOf(warnings.at(-1) ?? '') + 1]).toMatch(/^error: /);
        expect(hintOf(lines)).toBe(hint);
        expect(lines.join()).not.toContain('check that it is the memory of a Linux guest');
      }
      const derived = await refusal(
        'kconf',
        'derive',
        path,
        '--group',
        'x',
        '--output',
        join(folder, 'out.conf'),
      );
      expect([derived.some((line) => finding.test(line)), hintOf(derived)]).toEqual([true, hint]);
    },
  );

  it('that is whole gets the hint to make a section, and no warning', async () => {
    const lines = await refusal('ps', write('whole.elf', elf), ...section);
    expect([lines[0]?.slice(0, 7), hintOf(lines)]).toEqual([
      'error: ',
      expect.stringContaining('make a section for this kernel'),
    ]);
  });
});

describe('a dump that cannot be opened', () => {
  it('has what was noticed about the file around it first', async () => {
    const kdump = writeKdump({ pages: new Map([[0, page]]) });
    const flat = writeFlattened(flatChunks(kdump.subarray(0, 300), 100), { end: false });
    const [first, second] = await refusal('ps', write('cut.flat', flat), ...section);
    expect(first).toMatch(/^warning: truncated: the flattened file has no end \(/);
    expect(second).toMatch(/^error: .* is a damaged kdump file: the file ends inside its headers/);
    const packed = await refusal('ps', write('cut.flat.gz', gzipSync(flat)), ...section);
    expect(packed.slice(0, 4).map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      expect.stringContaining('unpacking'),
      'warning: unpacked',
      'warning: truncated',
      expect.stringContaining('error: '),
    ]);
  });
});

describe('an address', () => {
  it.each([
    [
      'ftp://example.org/dump.elf',
      'ftp: addresses are not read: download the file and give the path of the file',
    ],
    ['file:///var/dump.elf', 'file: addresses are not read: give the path of the file'],
  ])('%s is refused by its kind', async (address, hint) => {
    const lines = await refusal('ps', address, ...section);
    expect(lines[0]).toBe(`error: not an http or https address: ${address}`);
    expect([hintOf(lines), lines.at(-1)]).toEqual([hint, '  code: SOURCE_UNREADABLE']);
  });
});

// In a thread of its own: the command sleeps while it waits for an answer. It fails after some requests.
const SERVER = `
const { parentPort, workerData } = require('node:worker_threads');
const bytes = require('node:fs').readFileSync(workerData);
let left = 1;
require('node:http').createServer((request, response) => {
  const [, first, last] = /^bytes=(\\d+)-(\\d+)$/.exec(request.headers.range).map(Number);
  const body = bytes.subarray(first, last + 1);
  const range = 'bytes ' + first + '-' + (first + body.length - 1) + '/' + bytes.length;
  if (left-- > 0) response.writeHead(206, { 'Content-Range': range }).end(body);
  else response.writeHead(500).end();
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

describe('a server that fails', () => {
  it('is named before the refusal that follows from its failure', async () => {
    const server = new Worker(SERVER, { eval: true, workerData: dumpFile });
    const [port] = (await once(server, 'message')) as [number];
    const lines = await refusal('ps', `http://127.0.0.1:${port}/dump`, ...section);
    await server.terminate();
    expect(readFileSync(dumpFile).length).toBeGreaterThan(256 * 1024);
    expect(lines[0]).toMatch(/^warning: source: the server of http:\S+ answered with status 500 \(/);
    expect(hintOf(lines)).toBe(
      'run the command again when the source can be read, or download the file and give its path',
    );
  });
});
