import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CPIO_MODE, writeCpio } from './cpio';

const hasCpio = (() => {
  try {
    execFileSync('cpio', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

describe('writeCpio', () => {
  it('writes the header that the kernel reads', () => {
    const archive = Buffer.from(
      writeCpio([{ path: 'init', mode: CPIO_MODE.program, bytes: Uint8Array.of(1, 2, 3) }]),
    );
    const fields = archive.subarray(6, 110).toString().match(/.{8}/g) ?? [];
    expect(archive.subarray(0, 6).toString()).toBe('070701');
    expect(Number.parseInt(fields[1] ?? '', 16)).toBe(0o100755);
    expect(Number.parseInt(fields[6] ?? '', 16)).toBe(3);
    expect(Number.parseInt(fields[11] ?? '', 16)).toBe('init'.length + 1);
    expect(archive.subarray(110, 115).toString()).toBe('init\0');
    // 110 + 5 bytes are padded to 116, where the contents begin.
    expect([...archive.subarray(116, 120)]).toEqual([1, 2, 3, 0]);
    expect(archive.subarray(120 + 110, 120 + 120).toString()).toBe('TRAILER!!!');
    expect(archive.length % 4).toBe(0);
  });

  it.skipIf(!hasCpio)('is unpacked by cpio as it was packed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cpio-'));
    try {
      const bytes = Uint8Array.from({ length: 5001 }, (_, index) => index);
      const input = writeCpio([
        { path: 'bin', mode: CPIO_MODE.folder, bytes: new Uint8Array(0) },
        { path: 'bin/tool', mode: CPIO_MODE.program, bytes },
        { path: 'bin/link', mode: CPIO_MODE.link, bytes: Buffer.from('tool') },
        { path: 'empty', mode: CPIO_MODE.file, bytes: new Uint8Array(0) },
      ]);
      execFileSync('cpio', ['-i', '--quiet', '--no-preserve-owner'], { cwd: folder, input });
      expect(new Uint8Array(readFileSync(join(folder, 'bin/tool')))).toEqual(bytes);
      expect(lstatSync(join(folder, 'bin/tool')).mode).toBe(CPIO_MODE.program);
      expect(readlinkSync(join(folder, 'bin/link'))).toBe('tool');
      expect(readFileSync(join(folder, 'empty')).length).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
