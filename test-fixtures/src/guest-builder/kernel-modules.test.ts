import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectModules, findKnownModules } from './kernel-modules';

let modules: string;

beforeEach(() => {
  modules = mkdtempSync(join(tmpdir(), 'osi-linux-modules-'));
  mkdirSync(join(modules, 'kernel/fs'), { recursive: true });
  writeFileSync(join(modules, 'kernel/fs/vfat.ko'), '\0depends=fat\0');
  writeFileSync(join(modules, 'kernel/fs/fat.ko'), '\0depends=\0');
  writeFileSync(join(modules, 'kernel/lzo-rle.ko'), '\0depends=fuse\0');
  writeFileSync(join(modules, 'modules.builtin'), 'kernel/fs/fuse/fuse.ko\n');
});
afterEach(() => rmSync(modules, { recursive: true }));

describe('findKnownModules', () => {
  it('keeps what is a module or built in, whichever way its name is written', () => {
    const names = ['vfat', 'zram', 'fuse', 'lzo_rle', 'lzo-rle', 'loop'];
    expect(findKnownModules(modules, names)).toEqual(['vfat', 'fuse', 'lzo_rle', 'lzo-rle']);
  });
});

describe('collectModules', () => {
  it('puts what a module needs before it, and leaves out what is built in', async () => {
    const collected = await collectModules(modules, ['lzo-rle', 'vfat', 'fuse', 'fat']);
    expect(collected.map(({ name }) => name)).toEqual(['lzo_rle', 'fat', 'vfat']);
  });

  it('refuses a name that the kernel does not have', async () => {
    await expect(collectModules(modules, ['zram'])).rejects.toMatchObject({ code: 'GUEST_MODULE_UNKNOWN' });
  });
});
