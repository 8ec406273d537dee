import { OsiError } from '@osi-linux/core';
import type { ByteSource } from './byte-source';

/** The needed members of a `Blob` or `File`. */
export interface BlobLike {
  /** Bytes in all. */
  readonly size: number;
  /** Name of a `File`, without its folder. */
  readonly name?: string;
  /** The bytes from one position up to, not with, another. */
  slice(start: number, end: number): BlobLike;
}

/** The needed members of a `FileReaderSync`. */
export interface BlobReader {
  /** The bytes of a blob. */
  readAsArrayBuffer(blob: BlobLike): ArrayBuffer;
}

// Pages that lie near each other come with one read; each read costs a message to another process.
const WINDOW_BYTES = 256 * 1024;

/**
 * A source over a `File` or `Blob` of a browser, read in parts, never as a whole.
 *
 * Reading must be synchronous, which browsers allow in workers only, by `FileReaderSync`: make and use it there. One
 * window of 256 KiB is kept. A file that changes after it was chosen cannot be read any more.
 *
 * @throws OsiError `SOURCE_NEEDS_WORKER` where there is no `FileReaderSync` and no reader is given.
 *
 * @example
 * ```ts
 * const file = new Blob([Uint8Array.of(1, 2, 3)]);
 * new BlobSource(file) // throws SOURCE_NEEDS_WORKER
 * const reader = { readAsArrayBuffer: (part) => new ArrayBuffer(part.size) };
 * const source = new BlobSource(file, reader);
 * [source.name, source.size, source.read(1, new Uint8Array(8))] // => ['blob', 3, 2]
 * ```
 */
export class BlobSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly reader: BlobReader;
  private blob: BlobLike | undefined;
  private window = { start: 0, bytes: new Uint8Array(0) };

  constructor(blob: BlobLike, reader: BlobReader = syncReader()) {
    this.name = blob.name ?? 'blob';
    this.size = blob.size;
    this.blob = blob;
    this.reader = reader;
  }

  read(position: number, into: Uint8Array): number {
    if (this.blob === undefined) throw new OsiError('SOURCE_CLOSED', `${this.name} was closed`);
    let done = 0;
    while (done < into.length && position + done < this.size) {
      const part = this.part(this.blob, position + done, into.length - done);
      if (part.length === 0) break;
      into.set(part, done);
      done += part.length;
    }
    return done;
  }

  /** Releases the blob and the bytes that were read of it. */
  close(): void {
    this.blob = undefined;
    this.window = { start: 0, bytes: new Uint8Array(0) };
  }

  /**
   * Bytes from a position on, at least one and at most `length`; none if the blob is shorter than its size.
   */
  private part(blob: BlobLike, position: number, length: number): Uint8Array {
    if (length >= WINDOW_BYTES) return this.load(blob, position, position + length).subarray(0, length);
    const start = position - (position % WINDOW_BYTES);
    const { window } = this;
    const kept = window.start === start && window.bytes.length > 0;
    if (!kept) this.window = { start, bytes: this.load(blob, start, start + WINDOW_BYTES) };
    return this.window.bytes.subarray(position - start, position - start + length);
  }

  private load(blob: BlobLike, start: number, end: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(this.reader.readAsArrayBuffer(blob.slice(start, Math.min(end, this.size))));
    } catch (cause) {
      throw new OsiError('SOURCE_READ_FAILED', `${this.name} cannot be read at offset ${start}`, {
        hint: 'the file was changed, moved or removed after it was chosen: choose it again',
        fields: { path: this.name, position: start },
        cause,
      });
    }
  }
}

function syncReader(): BlobReader {
  const { FileReaderSync: Reader } = globalThis as { FileReaderSync?: new () => BlobReader };
  if (Reader !== undefined) return new Reader();
  throw new OsiError('SOURCE_NEEDS_WORKER', 'a browser file can be read only in a worker', {
    hint: 'pass the File to a Worker with postMessage and open it there, where FileReaderSync exists',
  });
}
