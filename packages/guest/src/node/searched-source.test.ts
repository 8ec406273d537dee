import { BytesSource } from '@osi-linux/memory';
import { describe, expect, it } from 'vitest';
import { searchedSource } from './searched-source';

const KIB = 1024;

describe('searchedSource', () => {
  it('reports the searched bytes as they double, not the pages that are read', () => {
    const bytes = new Uint8Array(1024 * KIB).fill(7);
    const reported: number[] = [];
    const source = searchedSource(
      new BytesSource(bytes, 'x'),
      ({ searched }) => reported.push(searched / KIB),
      128 * KIB,
    );
    for (let pass = 0; pass < 2; pass += 1)
      for (let at = 0; at < bytes.length; at += 64 * KIB) source.read(at, new Uint8Array(64 * KIB));
    for (let at = 0; at < bytes.length; at += 4 * KIB) source.read(at, new Uint8Array(4 * KIB));
    expect(reported).toEqual([128, 256, 512, 1024, 2048]);
    expect([source.name, source.size, source.read(0, new Uint8Array(3))]).toEqual(['x', 1024 * KIB, 3]);
  });

  it('is the source itself where that is small', () => {
    const source = new BytesSource(new Uint8Array(4096));
    expect(searchedSource(source, () => undefined)).toBe(source);
  });
});
