import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeElfCore } from '@osi-linux/test-fixtures/dump-writers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDump } from '../formats/formats';
import { openFileSource } from './file-source';

const folder = mkdtempSync(join(tmpdir(), 'file-source-'));
const path = (name: string): string => join(folder, name);
const code = (name: string): unknown => expect.objectContaining({ code: name });

beforeAll(() => {
  writeFileSync(path('ten'), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  writeFileSync(path('empty'), '');
  symlinkSync(path('loop'), path('loop'));
  symlinkSync(path('ten'), path('link'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('openFileSource', () => {
  it('reads at any position, fewer bytes at the end', () => {
    const source = openFileSource(path('link'));
    const into = new Uint8Array(4);
    expect([source.size, source.read(3, into), [...into]]).toEqual([10, 4, [3, 4, 5, 6]]);
    expect([source.read(8, into), source.read(10, into), source.read(2 ** 50, into)]).toEqual([2, 0, 0]);
    source.close();
    source.close();
    expect(() => source.read(0, into)).toThrow(code('SOURCE_CLOSED'));
  });

  it.each([
    ['missing', 'SOURCE_MISSING'],
    ['ten/inside', 'SOURCE_MISSING'],
    ['empty', 'SOURCE_EMPTY'],
    ['.', 'SOURCE_NOT_A_FILE'],
    ['loop', 'SOURCE_UNREADABLE'],
    ['nul\0byte', 'SOURCE_UNREADABLE'],
    ['long'.repeat(2000), 'SOURCE_UNREADABLE'],
  ])('refuses %s with %s', (name, expected) => {
    expect(() => openFileSource(path(name))).toThrow(code(expected));
  });

  it.runIf(process.platform === 'linux')('does not wait for a FIFO, a device or a socket', async () => {
    execFileSync('mkfifo', [path('fifo')]);
    expect(() => openFileSource(path('fifo'))).toThrow(`${path('fifo')} is a FIFO, not a file`);
    expect(() => openFileSource('/dev/zero')).toThrow('/dev/zero is a device, not a file');
    const server = createServer().listen(path('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(() => openFileSource(path('socket'))).toThrow(`${path('socket')} is a socket, not a file`);
    server.close();
  });

  it('opens files beside it, and none elsewhere', () => {
    const source = openFileSource(path('ten'));
    const other = source.beside?.('link');
    expect([other?.name, other?.size]).toEqual([path('link'), 10]);
    other?.close();
    for (const name of ['missing', '', '.', '..', '../ten', 'ten/inside', path('ten')])
      expect(source.beside?.(name)).toBeUndefined();
    expect(() => source.beside?.('empty')).toThrow(code('SOURCE_EMPTY'));
    source.close();
  });

  it('pages of a dump outlive it; what was not read becomes a hole', () => {
    const bytes = new Uint8Array(3 * 4096).fill(7);
    writeFileSync(path('dump'), writeElfCore({ machine: 'x86_64', segments: [{ physical: 0, bytes }] }));
    const dump = openDump(openFileSource(path('dump')));
    const page = dump.memory.page(0);
    truncateSync(path('dump'), 6000);
    expect(dump.memory.page(2)).toBeUndefined();
    expect(dump.memory.hole(2).code).toBe('DUMP_TRUNCATED');
    dump.close();
    expect(page?.bytes[9]).toBe(7);
    expect(dump.memory.page(1)).toBeUndefined();
    expect(dump.memory.hole(1).code).toBe('SOURCE_CLOSED');
  });
});
