import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, publishFolder } from './cache-folder';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('cacheFolder', () => {
  it('is named by OSI_LINUX_CACHE, else lies in XDG_CACHE_HOME, and is made', () => {
    expect(cacheFolder({ OSI_LINUX_CACHE: join(folder, 'a/b'), XDG_CACHE_HOME: '/nowhere' })).toBe(
      join(folder, 'a/b'),
    );
    expect(existsSync(join(folder, 'a/b'))).toBe(true);
    expect(cacheFolder({ OSI_LINUX_CACHE: '', XDG_CACHE_HOME: folder })).toBe(join(folder, 'osi-linux'));
  });
});

describe('publishFolder', () => {
  it('fills a folder once', async () => {
    const target = join(folder, 'deep/target');
    const fill = async (temporary: string) => writeFileSync(join(temporary, 'x'), '1');
    expect(await publishFolder(target, fill)).toBe(target);
    await publishFolder(target, async (temporary) => writeFileSync(join(temporary, 'x'), '2'));
    expect(readFileSync(join(target, 'x'), 'utf8')).toBe('1');
  });

  it('leaves nothing behind when filling fails', async () => {
    const target = join(folder, 'target');
    const fill = async (temporary: string) => {
      writeFileSync(join(temporary, 'x'), 'half');
      throw new Error('broken off');
    };
    await expect(publishFolder(target, fill)).rejects.toThrow('broken off');
    expect(readdirSync(folder)).toEqual([]);
  });
});
