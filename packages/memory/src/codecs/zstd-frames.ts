import { decompress } from 'fzstd';
import { PackingDamage } from './packing-damage';
import { littleEndian, measureBlock } from './zstd';
import type { KeptTables } from './zstd-sequences';

const MAGIC = 0xfd2fb528;
/** RFC 8878, 3.1.2: the lowest four bits are free. */
const SKIPPABLE = 0x184d2a50;
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;
const LARGEST_BLOCK = 128 * 1024;

/**
 * Undoes Zstandard (RFC 8878), one frame or several, at once: what came before is the window, however large it was for
 * the writer. What all blocks come to is measured first, since the library trusts what a frame says.
 *
 * Checksums are not compared.
 *
 * @throws PackingDamage
 */
export function decompressZstdFrames(bytes: Uint8Array, most: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length; ) {
    if ((littleEndian(bytes, at, 4) & 0xfffffff0) >>> 0 === SKIPPABLE) {
      at += 8 + littleEndian(bytes, at + 4, 4);
      continue;
    }
    const { end, size } = measureFrame(bytes, at, most - total);
    parts.push(decompressFrame(bytes.subarray(at, end), size));
    total += size;
    at = end;
  }
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(total);
  let done = 0;
  for (const part of parts) {
    whole.set(part, done);
    done += part.length;
  }
  return whole;
}

function decompressFrame(frame: Uint8Array, size: number): Uint8Array {
  // The library takes an empty buffer for none.
  if (size === 0) return new Uint8Array(0);
  try {
    return decompress(frame, new Uint8Array(size));
  } catch (cause) {
    // Whatever the library throws, there is no way to go on.
    throw new PackingDamage(`its compressed data is damaged: ${(cause as Error).message}`);
  }
}

function measureFrame(bytes: Uint8Array, start: number, most: number): { end: number; size: number } {
  const header = readHeader(bytes, start);
  const kept: KeptTables = {};
  let size = 0;
  for (let at = header.end; at + 3 <= bytes.length; ) {
    const head = littleEndian(bytes, at, 3);
    const kind = (head >> 1) & 3;
    const length = head >> 3;
    const next = at + 3 + (kind === RLE ? 1 : length);
    if (kind > COMPRESSED || length > LARGEST_BLOCK || next > bytes.length) break;
    const content = bytes.subarray(at + 3, next);
    size += kind === RAW || kind === RLE ? length : measureBlock(content, LARGEST_BLOCK, kept);
    if (size > most)
      throw new PackingDamage(`it decompresses to more than ${most} bytes, or a block is damaged`);
    at = next;
    if ((head & 1) === 0) continue;
    if (header.size !== undefined && header.size !== size) {
      throw new PackingDamage(`it decompresses to ${size} bytes, but its header claims ${header.size}`);
    }
    return { end: Math.min(at + (header.checksum ? 4 : 0), bytes.length), size };
  }
  throw new PackingDamage('it ends within a block, or a block is malformed');
}

/** RFC 8878, 3.1.1.1. */
function readHeader(
  bytes: Uint8Array,
  at: number,
): { end: number; size: number | undefined; checksum: boolean } {
  const descriptor = bytes[at + 4] ?? 0xff;
  if (littleEndian(bytes, at, 4) !== MAGIC) throw new PackingDamage('a frame header is missing');
  if ((descriptor & 8) !== 0) throw new PackingDamage('a reserved bit is set');
  if ((descriptor & 3) !== 0) throw new PackingDamage('it needs a dictionary');
  const single = (descriptor & 0x20) !== 0;
  const code = descriptor >> 6;
  const sizeBytes = code === 0 ? (single ? 1 : 0) : 1 << code;
  const sizeAt = at + (single ? 5 : 6);
  const size = sizeBytes === 0 ? undefined : littleEndian(bytes, sizeAt, sizeBytes) + (code === 1 ? 256 : 0);
  return { end: sizeAt + sizeBytes, size, checksum: (descriptor & 4) !== 0 };
}
