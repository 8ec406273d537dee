import { writeLime } from '@osi-linux/test-fixtures/dump-writers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDump } from '../formats/formats';
import { type BlobLike, BlobSource } from './blob-source';

/** A `File` whose parts know their bytes, and counts the bytes that a `FileReaderSync` reads. */
class FakeFile implements BlobLike {
  readonly name = 'guest.lime';
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get size(): number {
    return this.bytes.length;
  }

  slice(start: number, end: number): FakeFile {
    return new FakeFile(this.bytes.slice(start, end));
  }
}

let read: number[] = [];
let broken = false;

class FakeFileReaderSync {
  readAsArrayBuffer(blob: FakeFile): ArrayBuffer {
    if (broken) throw new DOMException('gone', 'NotReadableError');
    read.push(blob.size);
    return Uint8Array.from(blob.bytes).buffer;
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
  read = [];
  broken = false;
});

describe('BlobSource', () => {
  const bytes = Uint8Array.from({ length: 600_000 }, (_, index) => (index >> 8) & 0xff);

  it('reads by FileReaderSync, a window at a time', () => {
    vi.stubGlobal('FileReaderSync', FakeFileReaderSync);
    const source = new BlobSource(new FakeFile(bytes));
    const into = new Uint8Array(8);
    for (const position of [0, 5000, 262_140, 262_144, 599_996]) {
      expect(source.read(position, into)).toBe(Math.min(8, 600_000 - position));
      expect(into[0]).toBe(bytes[position]);
    }
    expect(read).toEqual([262_144, 262_144, 600_000 - 524_288]);
    expect([source.read(600_000, into), source.read(2 ** 50, into)]).toEqual([0, 0]);
    const all = new Uint8Array(600_000);
    expect([source.read(0, all), Buffer.compare(all, bytes)]).toEqual([600_000, 0]);
  });

  it('opens a dump', () => {
    vi.stubGlobal('FileReaderSync', FakeFileReaderSync);
    const dump = openDump(new BlobSource(new FakeFile(writeLime([{ physical: 0, bytes }]))));
    expect([dump.format, dump.memory.page(3)?.bytes[0]]).toEqual(['lime', 48]);
    dump.close();
    expect(dump.memory.page(3)?.bytes[0]).toBe(48);
    expect(dump.memory.page(4)).toBeUndefined();
    expect(dump.memory.hole(4).code).toBe('SOURCE_CLOSED');
  });

  it('says where it works', () => {
    expect(() => new BlobSource(new FakeFile(bytes))).toThrow(
      expect.objectContaining({ code: 'SOURCE_NEEDS_WORKER' }),
    );
  });

  it('says that the file is gone', () => {
    const source = new BlobSource(new FakeFile(bytes), new FakeFileReaderSync() as never);
    broken = true;
    expect(() => source.read(0, new Uint8Array(1))).toThrow(
      expect.objectContaining({ code: 'SOURCE_READ_FAILED' }),
    );
  });
});
