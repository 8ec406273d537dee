import { tmpdir } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { SparseFile } from './sparse-file';

const disk = vi.hoisted(() => ({ bavail: 0 }));
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  statfsSync: () => ({ bavail: disk.bavail, bsize: 4096 }),
}));

const RESERVED_BLOCKS = 16_384;

describe('SparseFile', () => {
  it('does not fill the disk', () => {
    disk.bavail = RESERVED_BLOCKS + 2;
    const file = new SparseFile('x.gz');
    file.append(new Uint8Array(8192).fill(1));
    disk.bavail = RESERVED_BLOCKS;
    expect(() => file.append(new Uint8Array(4096).fill(1))).toThrow(
      `x.gz cannot be unpacked: ${tmpdir()} is full after 8192 bytes`,
    );
    file.discard();
  });

  it('leaves a tenth of the free space', () => {
    disk.bavail = 1_000_000;
    const file = new SparseFile('x.gz');
    disk.bavail = 100_001;
    file.append(new Uint8Array(4096).fill(1));
    disk.bavail = 100_000;
    expect(() => file.append(new Uint8Array(4096).fill(1))).toThrow(
      `x.gz cannot be unpacked: ${tmpdir()} is full after 4096 bytes`,
    );
    file.discard();
  });

  it('writes no more for a small packed file than memory packs to', () => {
    disk.bavail = 1_000_000_000;
    const file = new SparseFile('x.zst', tmpdir(), 1000);
    const piece = new Uint8Array(32 * 1024 * 1024).fill(1);
    for (let at = 0; at < 256; at += 32) file.append(piece);
    expect(() => file.append(piece)).toThrow('x.zst cannot be unpacked: 1000 bytes unpack to more than');
    file.discard();
  });

  it('takes no more zeros for a small packed file than they pack to', () => {
    const file = new SparseFile('x.zst', tmpdir(), 1000);
    const zeros = new Uint8Array(256 * 1024 * 1024);
    const append = (): void => {
      for (let at = 0; at < 65; at += 1) file.append(zeros);
    };
    expect(append).toThrow('x.zst cannot be unpacked: 1000 bytes unpack to more than');
    file.discard();
  });

  it('needs no room for zeros', () => {
    disk.bavail = 0;
    const file = new SparseFile('x.gz');
    file.append(new Uint8Array(10_000));
    file.append(new Uint8Array(10_000));
    const source = file.finish();
    const into = new Uint8Array(30_000).fill(1);
    expect([source.size, source.read(0, into)]).toEqual([20_000, 20_000]);
    expect(into.findIndex((byte) => byte !== 0)).toBe(20_000);
    source.close();
  });

  it('knows where it has bytes other than zero', () => {
    disk.bavail = 1_000_000;
    const file = new SparseFile('x.gz');
    const MIB = 1024 * 1024;
    file.append(new Uint8Array(3 * MIB));
    file.append(new Uint8Array(4096).fill(1));
    file.append(new Uint8Array(5 * MIB));
    file.append(new Uint8Array(4096).fill(2));
    const source = file.finish();
    expect(source.extents).toEqual([
      { start: 3 * MIB, end: 3 * MIB + 4096 },
      { start: 8 * MIB + 4096, end: 8 * MIB + 8192 },
    ]);
    source.close();
  });

  it('has the bytes in order, whatever their pieces', () => {
    disk.bavail = 1_000_000;
    const bytes = Uint8Array.from({ length: 50_000 }, (_, at) => (at % 20_000 < 9000 ? at : 0));
    const file = new SparseFile('x.gz');
    for (let at = 0; at < bytes.length; at += 777) file.append(bytes.subarray(at, at + 777));
    const source = file.finish();
    const into = new Uint8Array(50_000);
    source.read(0, into);
    expect(into).toEqual(bytes);
    source.close();
  });
});
