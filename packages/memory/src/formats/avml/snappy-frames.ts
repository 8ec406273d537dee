import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import type { Chunk, ChunkTable } from './chunk-table';

// google/snappy, framing_format.txt: { u8 kind; u24 length } before each chunk; from the kind 0x80 on a chunk that is
// not known is skipped.
const CHUNK_HEADER = 4;
const LAST_DATA_KIND = 3;
const FIRST_SKIPPABLE = 0x80;
const STREAM_IDENTIFIER = 0xff;
const IDENTIFIER = 'sNaPpY';
const LONGEST_CHUNK = 65536;
// A copy of 64 bytes, the longest there is, takes 3 bytes of a compressed chunk.
const MOST_EXPANSION = 22;
// Header, checksum and the varint of the length.
const HEAD_BYTES = CHUNK_HEADER + 4 + 5;

// AVML puts the length of the stream behind it.
const LENGTH_SIZE = 8;
const ENDED = 'the block ends before the size in its header';

/** Where a walk over chunks came to its end. */
export interface FrameWalk {
  /** Position after the last chunk that was taken. */
  readonly position: number;
  /** Bytes that the chunks have when they are decompressed. */
  readonly length: number;
  /** Why there are fewer than were wanted. */
  readonly problem: string | undefined;
}

/** Notes the chunks of a framed snappy stream in a table until they have as many bytes as are wanted. */
export function walkFrames(source: ByteSource, start: number, wanted: number, table: ChunkTable): FrameWalk {
  let position = start;
  let length = 0;
  while (length < wanted) {
    const head = readAt(source, position, HEAD_BYTES);
    if (length > 0 && isLength(head, position - start)) return { position, length, problem: ENDED };
    const chunk = readChunk(source, position, head);
    if (typeof chunk === 'string') return { position, length, problem: `chunk at ${position}: ${chunk}` };
    if (length + chunk.length > wanted)
      return { position, length, problem: `chunk at ${position}: too long` };
    if (!table.add(chunk)) return { position, length, problem: 'more chunks than are read' };
    length += chunk.length;
    position = chunk.end;
  }
  return { position, length, problem: undefined };
}

/** Whether the length of the stream stands where a chunk should begin; as one, it could look like any kind. */
function isLength(head: Uint8Array, length: number): boolean {
  if (head.length < LENGTH_SIZE) return false;
  const view = new DataView(head.buffer, head.byteOffset, LENGTH_SIZE);
  return (
    view.getUint32(0, true) === length % 2 ** 32 && view.getUint32(4, true) === Math.floor(length / 2 ** 32)
  );
}

function readChunk(source: ByteSource, position: number, head: Uint8Array): Chunk | string {
  if (head.length < CHUNK_HEADER) return 'the file ends in it';
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const kind = view.getUint8(0);
  const size = view.getUint32(0, true) >>> 8;
  const end = position + CHUNK_HEADER + size;
  if (end > source.size) return 'the file ends in it';
  if (kind === STREAM_IDENTIFIER && !isIdentifier(head, size)) return 'a wrong stream identifier';
  const empty = { length: 0, data: end, end, compressed: false, checksum: undefined };
  if (kind >= FIRST_SKIPPABLE) return empty;
  if (kind > LAST_DATA_KIND) return `kind ${kind}, which cannot be skipped`;
  // 0 and 2 are compressed, 1 and 3 are not; 0 and 1 have a checksum.
  const compressed = (kind & 1) === 0;
  const checksumSize = kind < 2 ? 4 : 0;
  if (size < checksumSize) return 'too short for its checksum';
  const data = CHUNK_HEADER + checksumSize;
  const length = compressed ? readVarint(head.subarray(data)) : size - checksumSize;
  if (length === undefined || length > LONGEST_CHUNK) return `${length ?? 'no'} bytes`;
  if (length > (size - checksumSize) * MOST_EXPANSION) return `${length} bytes out of ${size}`;
  const checksum = checksumSize > 0 ? view.getUint32(CHUNK_HEADER, true) : undefined;
  return { length, data: position + data, end, compressed, checksum };
}

function isIdentifier(head: Uint8Array, size: number): boolean {
  if (size !== IDENTIFIER.length) return false;
  return [...IDENTIFIER].every((character, at) => head[CHUNK_HEADER + at] === character.charCodeAt(0));
}

function readVarint(bytes: Uint8Array): number | undefined {
  let value = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return value;
  }
  return undefined;
}
