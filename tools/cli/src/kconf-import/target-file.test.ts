import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTarget, writeTarget } from './target-file';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'target-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeTarget', () => {
  it('refuses when somebody else has changed the file meanwhile', () => {
    const path = join(folder, 'k.conf');
    writeFileSync(path, '[a]\n');
    const target = readTarget(path);
    appendFileSync(path, '[b]\n');
    expect(() => writeTarget(target, Buffer.from('[c]\n'))).toThrow(
      expect.objectContaining({ code: 'FILE_CHANGED' }),
    );
    expect(readFileSync(path, 'utf8')).toBe('[a]\n[b]\n');
    expect(readdirSync(folder)).toEqual(['k.conf']);
  });

  it('refuses when somebody else has made the file meanwhile, or removed it', () => {
    const path = join(folder, 'k.conf');
    const absent = readTarget(path);
    writeFileSync(path, '[a]\n');
    expect(() => writeTarget(absent, Buffer.from('[c]\n'))).toThrow(
      expect.objectContaining({ code: 'FILE_CHANGED' }),
    );
    const present = readTarget(path);
    rmSync(path);
    expect(() => writeTarget(present, Buffer.from('[c]\n'))).toThrow(
      expect.objectContaining({ code: 'FILE_CHANGED' }),
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
