import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteSource, openDump } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import { writeElfCore } from '@osi-linux/test-fixtures/dump-writers';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { afterAll, describe, expect, it } from 'vitest';
import { openGuest } from '../guest';
import { readKeyFile } from './key-file-search';
import { openDumpFile } from './open-guest-file';

const GIB = 2 ** 30;
const RAM = 64 * GIB;
const folder = mkdtempSync(join(tmpdir(), 'sparse-reading-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');

/** A file with the pages of a recorded guest as the first of 64 GiB of RAM. */
function writeLarge(name: string, head: Uint8Array): string {
  const path = join(folder, name);
  const fd = openSync(path, 'w');
  writeSync(fd, head, 0, head.length, 0);
  const small = openDumpFile(dumpFile);
  for (const { start, end } of small.memory.ranges) {
    for (let at = start; at < end; at += 4096) {
      const bytes = small.memory.page(at / 4096)?.bytes;
      if (bytes !== undefined) writeSync(fd, bytes, 0, 4096, head.length + at);
    }
  }
  small.close();
  ftruncateSync(fd, head.length + RAM);
  closeSync(fd);
  return path;
}

/** The headers of a core with one segment of all RAM. */
function largeCoreHead(): Uint8Array {
  const bytes = writeElfCore({
    machine: 'x86_64',
    layout: 'plain',
    segments: [{ physical: 0, bytes: new Uint8Array(4096) }],
  });
  const head = bytes.slice(0, bytes.length - 4096);
  const view = new DataView(head.buffer);
  for (let at = 64; at < 64 + 56 * view.getUint16(56, true); at += 56) {
    if (view.getUint32(at, true) !== 1) continue;
    for (const size of [32, 40]) view.setBigUint64(at + size, BigInt(RAM), true);
  }
  return head;
}

/** The processes, and how much was read of the file for them. */
function listProcesses(path: string) {
  let bytesRead = 0;
  const file = openFileSource(path);
  const source: ByteSource = {
    name: file.name,
    size: file.size,
    read: (position, into) => {
      bytesRead += into.length;
      return file.read(position, into);
    },
    close: () => file.close(),
  };
  const dump = openDump(source);
  const { osi } = openGuest(dump, { keyFile: readKeyFile(kconfFile) });
  const names = osi.getProcesses().map(({ pid, name }) => `${pid} ${name}`);
  dump.close();
  return { format: dump.format, ranges: dump.memory.ranges, names, bytesRead };
}

describe('a dump of 64 GiB', () => {
  const small = listProcesses(dumpFile);

  it.each([
    ['raw', new Uint8Array(0)],
    ['elf', largeCoreHead()],
  ])('%s is read as sparsely as a small one', (format, head) => {
    const path = writeLarge(`large.${format}`, head);
    const large = listProcesses(path);
    expect([large.format, large.names]).toEqual([format, small.names]);
    expect(large.ranges).toEqual([{ start: 0, end: RAM }]);
    expect(statSync(path).size).toBe(RAM + head.length);
    expect(large.bytesRead).toBeGreaterThan(1_000_000);
    expect(large.bytesRead).toBeLessThan(small.bytesRead + 1_000_000);
  });
});
