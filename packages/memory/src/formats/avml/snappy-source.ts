import { OsiError } from '@osi-linux/core';
import type { Decompressor } from '../../codecs/codecs';
import { maskedCrc32c } from '../../codecs/crc32c';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import type { ChunkTable } from './chunk-table';

const CACHED_CHUNKS = 16;

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
