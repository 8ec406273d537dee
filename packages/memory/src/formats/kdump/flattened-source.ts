import { OsiError } from '@osi-linux/core';
import type { Finding } from '../../dump';
import { ChunkIndex } from '../../pages/chunk-index';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import { damagedDump } from '../unsupported/damaged-dump';

/**
 * Flattened files, as makedumpfile -F and QEMU write them to pipes (makedumpfile IMPLEMENTATION, "Flattened format"):
 * a header, then chunks { offset, size, bytes } of the file that was to be written, in the order of writing.
 */
const MAGIC = 'makedumpfile\0\0\0\0';
const FIRST_CHUNK = 4096;
const CHUNK_HEADER = 16;
const END = -1n;

// Writers gather 16 KiB and more; a few chunks are as small as a header.
const SMALLEST_MEAN = 4096;
const FREE_CHUNKS = 65_536;
const MOST_CHUNKS = 2 ** 24;
// No writer needs them, and zeros in the place of chunks look like them.
const MOST_EMPTY = 1024;

/** Whether a source is flattened. */
export function isFlattened(source: ByteSource): boolean {
  const head = readAt(source, 0, MAGIC.length);
  return head.length === MAGIC.length && head.every((byte, index) => byte === MAGIC.charCodeAt(index));
}

/**
 * The file that a flattened source stands for, read in place; a later chunk wins over an earlier one. It closes the
 * source.
 *
 * @throws OsiError `DUMP_MALFORMED`.
 */
export function openFlattened(source: ByteSource, findings: Finding[]): ByteSource {
  const head = readAt(source, 16, 16);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const kind = head.length < 16 ? [] : [view.getBigInt64(0), view.getBigInt64(8)];
  if (kind[0] !== 1n || kind[1] !== 1n) {
    const what = `type and version are ${kind.join(' and ') || 'cut off'}, expected 1 and 1`;
    throw damagedDump(source, 'flattened file', what, { size: source.size });
  }
  const index = new ChunkIndex();
  const damage = readChunks(source, index);
  if (damage !== undefined) {
    findings.push({ what: 'truncated', value: 'the flattened file has no end', evidence: damage });
  }
  if (!index.finish()) throw damagedDump(source, 'flattened file', 'too many of its chunks overlap', {});
  return new FlattenedSource(source, index, damage === undefined);
}

/** Collects all chunks; returns the fault of the first impossible one. */
function readChunks(source: ByteSource, index: ChunkIndex): string | undefined {
  const header = new Uint8Array(CHUNK_HEADER);
  const view = new DataView(header.buffer);
  let empty = 0;
  for (let at = FIRST_CHUNK; ; ) {
    if (source.read(at, header) < CHUNK_HEADER)
      return `the file ends at offset ${source.size}, inside a chunk header`;
    const [offset, size] = [view.getBigInt64(0), view.getBigInt64(8)];
    if (offset === END && size === END) return undefined;
    if (offset < 0n || size < 0n || offset + size > Number.MAX_SAFE_INTEGER) {
      return `the chunk at ${at} has offset ${offset} and size ${size}`;
    }
    const data = at + CHUNK_HEADER;
    const there = Math.min(Number(size), source.size - data);
    if (there > 0) index.add(Number(offset), there, data);
    if (there < Number(size)) return `the chunk at ${at} has ${size} bytes, the file ends after ${there}`;
    if (there === 0) empty += 1;
    if (empty > MOST_EMPTY) return `more than ${MOST_EMPTY} empty chunks before offset ${data}`;
    checkCount(source, index);
    at = data + there;
  }
}

function checkCount(source: ByteSource, index: ChunkIndex): void {
  if (index.length <= Math.min(MOST_CHUNKS, FREE_CHUNKS + source.size / SMALLEST_MEAN)) return;
  throw new OsiError('DUMP_MALFORMED', `${source.name} has too many chunks for a flattened file`, {
    hint: 'convert it first: makedumpfile -R OUT < FILE',
    fields: { source: source.name, chunks: index.length },
  });
}

class FlattenedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly source: ByteSource;
  private readonly index: ChunkIndex;
  private readonly complete: boolean;

  constructor(source: ByteSource, index: ChunkIndex, complete: boolean) {
    this.name = source.name;
    this.size = index.end;
    this.source = source;
    this.index = index;
    this.complete = complete;
  }

  read(position: number, into: Uint8Array): number {
    const wanted = Math.max(0, Math.min(into.length, this.size - position));
    for (let done = 0; done < wanted; ) {
      const at = position + done;
      const step = this.step(at, into.subarray(done, wanted));
      if (step === 0) return done;
      done += step;
    }
    return wanted;
  }

  close(): void {
    this.source.close();
  }

  beside(name: string): ByteSource | undefined {
    return this.source.beside?.(name);
  }

  /**
   * Copies from one chunk, or zeros up to the next: bytes in no chunk were never written, and a file has
   * zeros there.
   */
  private step(at: number, into: Uint8Array): number {
    const chunk = this.index.before(at);
    const inChunk = at - this.index.start(chunk);
    if (chunk >= 0 && inChunk < this.index.size(chunk)) {
      const length = Math.min(into.length, this.index.size(chunk) - inChunk);
      return this.source.read(this.index.position(chunk) + inChunk, into.subarray(0, length));
    }
    // Of a file that was cut off nobody knows what came later.
    if (!this.complete) return 0;
    const length = Math.min(into.length, this.index.start(chunk + 1) - at);
    into.fill(0, 0, length);
    return length;
  }
}
