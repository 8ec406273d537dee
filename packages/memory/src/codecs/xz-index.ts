import { crc32 } from './crc32';
import { PackingDamage } from './packing-damage';

/** A block of an XZ file, by the index behind all blocks. */
export interface XzBlock {
  /** Where its header begins. */
  readonly at: number;
  /** Bytes that it comes to. */
  readonly size: number;
  /** The check behind its data: 1 is CRC32. */
  readonly check: number;
}

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const FOOTER_MAGIC = 0x5a59;
/** Of the stream's header, and of its footer. */
const FRAME = 12;
/** Bytes of the check by its number (The .xz File Format, 2.1.1.2). */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** Whether bytes begin as an XZ file does. */
export function isXz(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

/** Every block of all streams, in order; read from the end, where each stream lists its blocks. */
export function readXzBlocks(bytes: Uint8Array): XzBlock[] {
  const streams: XzBlock[][] = [];
  for (let end = withoutPadding(bytes, bytes.length); end > 0; ) {
    const stream = readStream(bytes, end);
    streams.unshift(stream.blocks);
    end = withoutPadding(bytes, stream.start);
  }
  return streams.flat();
}

/** Behind a stream there may be zeros, in fours. */
function withoutPadding(bytes: Uint8Array, from: number): number {
  let end = from;
  while (
    end >= 4 &&
    bytes[end - 1] === 0 &&
    bytes[end - 2] === 0 &&
    bytes[end - 3] === 0 &&
    bytes[end - 4] === 0
  )
    end -= 4;
  return end;
}

function readStream(bytes: Uint8Array, end: number): { start: number; blocks: XzBlock[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (end < 2 * FRAME || view.getUint16(end - 2, true) !== FOOTER_MAGIC)
    throw new PackingDamage('its end is missing');
  if (crc32(bytes.subarray(end - 8, end - 2)) !== view.getUint32(end - FRAME, true)) {
    throw new PackingDamage('the checksum of its footer is wrong');
  }
  const check = view.getUint8(end - 3) & 0xf;
  const indexAt = end - FRAME - (view.getUint32(end - 8, true) + 1) * 4;
  if (indexAt < FRAME) throw new PackingDamage('its index starts before the file');
  const records = readIndex(bytes.subarray(indexAt, end - FRAME));
  const start = indexAt - records.reduce((sum, { room }) => sum + room, 0) - FRAME;
  if (!(start >= 0) || !isXz(bytes.subarray(start, start + MAGIC.length))) {
    throw new PackingDamage('its blocks are not at the offsets in its index');
  }
  let at = start + FRAME;
  const blocks = records.map(({ room, size }) => {
    const block = { at, size, check };
    at += room;
    return block;
  });
  return { start, blocks };
}

function readIndex(bytes: Uint8Array): { room: number; size: number }[] {
  const cursor = new XzCursor(bytes, 1);
  const count = cursor.number();
  // Each record has two bytes at least.
  if (bytes[0] !== 0 || count > bytes.length / 2) throw new PackingDamage('its index is malformed');
  return Array.from({ length: count }, () => {
    const room = Math.ceil(cursor.number() / 4) * 4;
    return { room, size: cursor.number() };
  });
}

/** Bytes of the check behind a block. */
export function checkBytes(check: number): number {
  return CHECK_BYTES[check] ?? 0;
}

/** Reads the numbers of the format, of up to 63 bits in pieces of 7; those above 2^53 are damage. */
export class XzCursor {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 63; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && Number.isSafeInteger(value)) return value;
    }
    throw new PackingDamage('a number in it is not terminated');
  }
}
