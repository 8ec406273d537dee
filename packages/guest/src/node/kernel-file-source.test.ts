import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { afterAll, describe, expect, it } from 'vitest';
import { openKernelFile } from './kernel-file-source';

const folder = mkdtempSync(join(tmpdir(), 'kernel-file-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

const list = 'ffffffff81000000 T _text\n'.repeat(500);

function put(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('openKernelFile', () => {
  it.each([
    ['as it is', list],
    ['in gzip', gzipSync(list)],
  ])('opens a list of symbols %s', (_, content) => {
    const source = openKernelFile(put('System.map', content));
    expect(source?.size).toBe(list.length);
    source?.close();
  });

  it.runIf(existsSync('/proc/kallsyms'))('reads /proc/kallsyms, which has no size', () => {
    expect(openKernelFile('/proc/kallsyms')?.size).toBeGreaterThan(100_000);
  });

  it('leaves a dump alone, packed or not', () => {
    const { dumpFile } = readRecordedGuest('debian-12-amd64');
    expect(openKernelFile(dumpFile)).toBeUndefined();
    expect(openKernelFile(put('dump.gz', gzipSync(new Uint8Array(65536))))).toBeUndefined();
  });

  it.each([
    ['is not there', join(folder, 'absent'), 'SOURCE_MISSING'],
    ['is empty', put('empty', ''), 'SOURCE_EMPTY'],
    ['is a folder', folder, 'SOURCE_NOT_A_FILE'],
  ])('says that a file %s', (_, path, code) => {
    expect(() => openKernelFile(path)).toThrow(expect.objectContaining({ code }));
  });
});
