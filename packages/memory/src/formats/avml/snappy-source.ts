import { OsiError } from '@osi-linux/core';
import type { Decompressor } from '../../codecs/codecs';
import { maskedCrc32c } from '../../codecs/crc32c';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import type { Chunk } from './snappy-frames';

// Chunks have 64 KiB, but for the last one of a block: more small ones than these are not read.
const FEW_CHUNKS = 65536;
const LEAST_AVERAGE = 4096;
const CACHED_CHUNKS = 16;

/** Chunks of framed snappy streams, one after the other: compact arrays with a row for each. */
export class ChunkTable {
  /** Bytes that all chunks have when they are decompressed. */
  length = 0;
  private count = 0;
  private taken = 0;
  private positions = new Float64Array(64);
  private datas = new Float64Array(64);
  private sizes = new Uint32Array(64);
  private checksums = new Float64Array(64);

  /** False where there are more than are read. */
  add(chunk: Chunk): boolean {
    this.taken += 1;
    if (this.taken > FEW_CHUNKS + this.length / LEAST_AVERAGE) return false;
    if (chunk.length === 0) return true;
    if (this.count === this.positions.length) this.grow();
    this.positions[this.count] = this.length;
    this.datas[this.count] = chunk.data;
    // Sizes have 24 bits; the bit above them says whether the data is compressed.
    this.sizes[this.count] = chunk.end - chunk.data + (chunk.compressed ? 2 ** 24 : 0);
    this.checksums[this.count] = chunk.checksum ?? -1;
    this.count += 1;
    this.length += chunk.length;
    return true;
  }

  /** The chunk that has a position of the decompressed stream. */
  find(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.positions[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Position of a chunk in the decompressed stream. */
  position(chunk: number): number {
    return chunk < this.count ? (this.positions[chunk] ?? 0) : this.length;
  }

  /** Where the data of a chunk lies in the file. */
  data(chunk: number): { offset: number; size: number; compressed: boolean; checksum: number } {
    const packed = this.sizes[chunk] ?? 0;
    return {
      offset: this.datas[chunk] ?? 0,
      size: packed % 2 ** 24,
      compressed: packed >= 2 ** 24,
      checksum: this.checksums[chunk] ?? -1,
    };
  }

  private grow(): void {
    const size = this.positions.length * 2;
    const grown = <A extends Float64Array | Uint32Array>(array: A, larger: A): A => {
      larger.set(array);
      return larger;
    };
    this.positions = grown(this.positions, new Float64Array(size));
    this.datas = grown(this.datas, new Float64Array(size));
    this.sizes = grown(this.sizes, new Uint32Array(size));
    this.checksums = grown(this.checksums, new Float64Array(size));
  }
}

/** The decompressed bytes of the chunks of a table; reading a chunk that is damaged throws. */
export class SnappySource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly source: ByteSource;
  private readonly table: ChunkTable;
  private readonly decompress: Decompressor;
  private readonly cache = new Map<number, Uint8Array>();

  constructor(source: ByteSource, table: ChunkTable, decompress: Decompressor) {
    this.name = source.name;
    this.size = table.length;
    this.source = source;
    this.table = table;
    this.decompress = decompress;
  }

  read(position: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length && position + done < this.size) {
      const chunk = this.table.find(position + done);
      const bytes = this.chunk(chunk);
      const from = position + done - this.table.position(chunk);
      const part = bytes.subarray(from, from + into.length - done);
      into.set(part, done);
      done += part.length;
    }
    return done;
  }

  close(): void {
    this.source.close();
  }

  private chunk(chunk: number): Uint8Array {
    const kept = this.cache.get(chunk);
    const bytes = kept ?? this.load(chunk);
    this.cache.delete(chunk);
    this.cache.set(chunk, bytes);
    if (this.cache.size > CACHED_CHUNKS) {
      for (const oldest of this.cache.keys()) {
        this.cache.delete(oldest);
        break;
      }
    }
    return bytes;
  }

  private load(chunk: number): Uint8Array {
    const { offset, size, compressed, checksum } = this.table.data(chunk);
    const data = readAt(this.source, offset, size);
    if (data.length < size) throw this.damaged(offset, 'the file was shortened after it was opened');
    const bytes = compressed
      ? new Uint8Array(this.table.position(chunk + 1) - this.table.position(chunk))
      : data;
    if (compressed && !this.decompress(data, bytes)) throw this.damaged(offset, 'it does not decompress');
    if (checksum >= 0 && maskedCrc32c(bytes) !== checksum)
      throw this.damaged(offset, 'its checksum is wrong');
    return bytes;
  }

  private damaged(offset: number, what: string): OsiError {
    return new OsiError('PAGE_DAMAGED', `the snappy chunk at offset ${offset} of ${this.name}: ${what}`, {
      hint: 'the file is damaged there: copy or take the dump again',
      fields: { source: this.name, offset },
    });
  }
}
