import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readRecordedGuests } from './recorded-guest';

const MIB = 1024 * 1024;
const guests = readRecordedGuests();
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const filesIn = (folder: string) => readdirSync(folder).map((name) => readFileSync(join(folder, name)));
/** Bytes on the disk. */
const sizeOf = (folder: string) => sum(filesIn(folder).map(({ length }) => length));
/** Bytes that a clone downloads: git stores each file compressed by zlib. */
const downloadOf = (folder: string) => sum(filesIn(folder).map((bytes) => deflateSync(bytes).length));

describe.each(guests)('the recorded guest $name', ({ name, folder, manifest, truth, kconfFile }) => {
  it('is what its manifest says', () => {
    const files = readdirSync(folder).filter((file) => file !== 'manifest.json');
    const digests = files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ]);
    expect(Object.fromEntries(digests)).toEqual(manifest.sha256);
    expect(manifest).toMatchObject({ name, paging: expect.any(String), cpus: truth?.cpus.length ?? manifest.cpus });
    expect(manifest.kernel.banner).toContain(manifest.kernel.release);
    expect(manifest.reproduce.length).toBeGreaterThan(0);
  });

  it('has one section, by its own name', () => {
    expect(readFileSync(kconfFile, 'utf8').match(/^\[.*\]$/gm)).toEqual([`[${name}]`]);
  });

  it('is small', () => {
    expect(sizeOf(folder)).toBeLessThan(9 * MIB);
  });
});

describe('all recorded guests', () => {
  it('are small enough for a repository', () => {
    const folders = guests.map(({ folder }) => folder);
    expect(sum(folders.map(downloadOf))).toBeLessThan(12 * MIB);
    expect(sum(folders.map(sizeOf))).toBeLessThan(80 * MIB);
  });
});
