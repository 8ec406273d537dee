import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecordedGuests } from './recorded-guest';

const MIB = 1024 * 1024;
const guests = readRecordedGuests();
const sizeOf = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

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
    expect(sizeOf(folder)).toBeLessThan(1.75 * MIB);
  });
});

describe('all recorded guests', () => {
  it('are small enough for a repository', () => {
    expect(guests.reduce((sum, { folder }) => sum + sizeOf(folder), 0)).toBeLessThan(15 * MIB);
  });
});
