import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeTarget, readTarget, type TargetFile } from './target-file';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'target-file-'));
  path = join(folder, 'k.conf');
});
afterEach(() => rmSync(folder, { recursive: true }));

const add =
  (text: string) =>
  ({ bytes }: TargetFile): Uint8Array =>
    Buffer.concat([bytes, Buffer.from(text)]);

describe('changeTarget', () => {
  it('makes a file, and changes it', async () => {
    expect(await changeTarget(path, add('[a]\n'))).toBe(true);
    await changeTarget(path, add('[b]\n'));
    expect(readFileSync(path, 'utf8')).toBe('[a]\n[b]\n');
    expect(readdirSync(folder)).toEqual(['k.conf']);
    expect(statSync(path).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it('refuses when another program has changed the file meanwhile', async () => {
    writeFileSync(path, '[a]\n');
    const racing = changeTarget(path, () => {
      appendFileSync(path, '[b]\n');
      return Buffer.from('[c]\n');
    });
    await expect(racing).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(readFileSync(path, 'utf8')).toBe('[a]\n[b]\n');
    expect(readdirSync(folder)).toEqual(['k.conf']);
  });

  it('refuses when another program has made the file meanwhile, or removed it', async () => {
    const making = changeTarget(path, () => {
      writeFileSync(path, '[a]\n');
      return Buffer.from('[c]\n');
    });
    await expect(making).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(readFileSync(path, 'utf8')).toBe('[a]\n');
    const removing = changeTarget(path, () => {
      rmSync(path);
      return Buffer.from('[c]\n');
    });
    await expect(removing).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets many at once each have their turn', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `[g${index}]\n`);
    await Promise.all(names.map((name) => changeTarget(path, add(name))));
    expect(readFileSync(path, 'utf8').match(/.*\n/g)?.sort()).toEqual([...names].sort());
    expect(readdirSync(folder)).toEqual(['k.conf']);
  });

  it('loses nothing when its claim is taken for a dead one and removed', async () => {
    writeFileSync(path, '[a]\n');
    const fenced = changeTarget(path, () => {
      for (const name of readdirSync(folder)) if (name.endsWith('.tmp')) rmSync(join(folder, name));
      return Buffer.from('[c]\n');
    });
    await expect(fenced).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
    expect(readFileSync(path, 'utf8')).toBe('[a]\n');
  });

  it('leaves the file alone when the change is refused', async () => {
    writeFileSync(path, '[a]\n');
    const refusing = changeTarget(path, () => {
      throw new RangeError('no');
    });
    await expect(refusing).rejects.toBeInstanceOf(RangeError);
    expect(readFileSync(path, 'utf8')).toBe('[a]\n');
    expect(readdirSync(folder)).toEqual(['k.conf']);
  });

  it('keeps a narrow mode, from the first byte on', async () => {
    writeFileSync(path, '[a]\n');
    chmodSync(path, 0o600);
    const modes: number[] = [];
    await changeTarget(path, (target) => {
      for (const name of readdirSync(folder)) modes.push(statSync(join(folder, name)).mode & 0o777);
      return add('[b]\n')(target);
    });
    expect([...modes, statSync(path).mode & 0o777]).toEqual([0o600, 0o600, 0o600]);
  });

  it('gives way for what it cannot change', async () => {
    mkdirSync(join(folder, 'dir'));
    symlinkSync('nothing', join(folder, 'dangling'));
    symlinkSync('loop', join(folder, 'loop'));
    writeFileSync(join(folder, 'plain'), '');
    for (const [name, message] of [
      ['dir', /is a folder$/],
      ['dangling', /is a link to .*nothing, which does not exist$/],
      ['loop', /more than 40 links$/],
      ['none/k.conf', /^cannot write/],
      ['plain/k.conf', /^cannot write/],
    ] as const) {
      const changing = changeTarget(join(folder, name), add('[a]\n'));
      await expect(changing, name).rejects.toMatchObject({ message: expect.stringMatching(message) });
    }
    expect(readdirSync(folder).sort()).toEqual(['dangling', 'dir', 'loop', 'plain']);
  });

  it('leaves another name of the same file with the old bytes', async () => {
    writeFileSync(path, '[a]\n');
    linkSync(path, join(folder, 'other'));
    await changeTarget(path, add('[b]\n'));
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('[a]\n');
  });
});

describe('readTarget', () => {
  it('reads a file that is not there as empty', () => {
    expect(readTarget(path)).toMatchObject({ name: path, path, stats: undefined, bytes: new Uint8Array() });
    expect(existsSync(path)).toBe(false);
  });
});
