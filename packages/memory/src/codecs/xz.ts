import { crc32 } from './crc32';
import { decodeLzma2 } from './lzma2';
import { PackingDamage } from './packing-damage';
import { restoreX86Branches } from './x86-branches';
import { checkBytes, readXzBlocks, type XzBlock, XzCursor } from './xz-index';

/** Filters by their numbers (The .xz File Format, 5.3). */
const LZMA2 = 0x21;
const X86 = 0x04;
const CRC32 = 1;
const HAS_PACKED_SIZE = 0x40;
const HAS_SIZE = 0x80;
/** Longer ones are refused without a look: no filter has more. */
const LONGEST_PROPERTIES = 16;

/**
 * Undoes XZ (The .xz File Format 1.1.0): LZMA2, alone or behind the filter for x86 code, as the Linux kernel is packed.
 *
 * The index at the file's end gives the unpacked size, so that nothing is unpacked of a file larger than
 * `most`. CRC32 is compared, other checks are not.
 *
 * @throws PackingDamage
 */
export function decompressXz(bytes: Uint8Array, most: number): Uint8Array {
  const blocks = readXzBlocks(bytes);
  const total = blocks.reduce((sum, { size }) => sum + size, 0);
  if (total > most) throw new PackingDamage(`it decompresses to ${total} bytes, more than ${most}`);
  const out = new Uint8Array(total);
  let done = 0;
  for (const block of blocks) {
    unpackBlock(bytes, block, out.subarray(done, done + block.size));
    done += block.size;
  }
  return out;
}

function unpackBlock(bytes: Uint8Array, { at, check }: XzBlock, out: Uint8Array): void {
  const { end, hasBranches } = readBlockHeader(bytes, at);
  const dataEnd = decodeLzma2(bytes, end, out);
  if (dataEnd === undefined) throw new PackingDamage('its compressed data is damaged');
  if (hasBranches) restoreX86Branches(out);
  const checkAt = at + Math.ceil((dataEnd - at) / 4) * 4;
  if (checkAt + checkBytes(check) > bytes.length) throw new PackingDamage('it ends within a block');
  if (check !== CRC32) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset + checkAt, 4);
  if (view.getUint32(0, true) !== crc32(out)) throw new PackingDamage('the checksum of a block is wrong');
}

function readBlockHeader(bytes: Uint8Array, at: number): { end: number; hasBranches: boolean } {
  const end = at + ((bytes[at] ?? 0) + 1) * 4;
  const flags = bytes[at + 1] ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (end > bytes.length || bytes[at] === 0) throw new PackingDamage('a block has no header');
  if (crc32(bytes.subarray(at, end - 4)) !== view.getUint32(end - 4, true)) {
    throw new PackingDamage('the checksum of a block header is wrong');
  }
  const cursor = new XzCursor(bytes.subarray(0, end), at + 2);
  if (flags & HAS_PACKED_SIZE) cursor.number();
  if (flags & HAS_SIZE) cursor.number();
  const filters = Array.from({ length: (flags & 3) + 1 }, () => readFilter(cursor));
  const hasBranches = filters.length === 2 && filters[0] === X86;
  if (filters.at(-1) !== LZMA2 || (filters.length > 1 && !hasBranches)) {
    const names = filters.map((id) => `0x${id.toString(16)}`).join(', ');
    throw new PackingDamage(`it uses filters that are not supported: ${names}`);
  }
  return { end, hasBranches };
}

function readFilter(cursor: XzCursor): number {
  const id = cursor.number();
  const size = cursor.number();
  if (size > LONGEST_PROPERTIES) throw new PackingDamage('a filter has too many properties');
  cursor.at += size;
  return id;
}
