import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDump } from '../../formats/formats';
import { openFileSource } from '../file-source';
import { findExtents } from './file-extents';

const folder = mkdtempSync(join(tmpdir(), 'file-extents-'));
afterAll(() => rmSync(folder, { recursive: true }));

const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

/** A file of this size that has a word at each of some places, and is open. */
function sparse(name: string, size: number, places: readonly number[]): { path: string; fd: number } {
  const path = join(folder, name);
  const fd = openSync(path, 'wx+');
  truncateSync(path, size);
  for (const place of places) writeSync(fd, Uint8Array.of(1, 2, 3, 4), 0, 4, place);
  return { path, fd };
}

describe.runIf(process.platform === 'linux')('findExtents', () => {
  it('finds the places of a sparse file of 1 TiB that are on the disk', () => {
    const places = [5 * GIB + 17, 900 * GIB];
    const { fd } = sparse('places', TIB, places);
    const extents = findExtents(fd, TIB) ?? [];
    for (const place of places)
      expect(extents.some(({ start, end }) => start <= place && place + 4 <= end)).toBe(true);
    expect(extents.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(1024 * 1024);
    closeSync(fd);
  });

  it('finds none in a file of holes, and asks for none of a small or a full one', () => {
    const { fd } = sparse('holes', 2 * GIB, []);
    expect(findExtents(fd, 2 * GIB)).toEqual([]);
    closeSync(fd);
    const small = sparse('small', 4096, []);
    expect(findExtents(small.fd, 4096)).toBeUndefined();
    closeSync(small.fd);
  });

  it('is the part of a raw dump that is searched', () => {
    const place = 700 * GIB + 4096 * 3 + 5;
    const { path, fd } = sparse('raw', TIB, [place]);
    closeSync(fd);
    const dump = openDump(openFileSource(path));
    const occupied = dump.memory.occupied ?? [];
    expect(dump.memory.ranges).toEqual([{ start: 0, end: TIB }]);
    expect(occupied).toHaveLength(1);
    const [{ start, end } = { start: 0, end: 0 }] = occupied;
    expect([start % 4096, end % 4096, start < place - 4096, end > place + 4096]).toEqual([0, 0, true, true]);
    expect(end - start).toBeLessThan(1024 * 1024);
    dump.close();
  });
});
