import { PackingDamage } from './packing-damage';

const MAGIC = 0x184c2102;
/** The largest unpacked size of a block of the old format. */
const LARGEST_BLOCK = 8 * 1024 * 1024;
const SHORTEST_MATCH = 4;
/** A length that goes on in the bytes behind. */
const LONG = 15;

/**
 * Undoes LZ4 in the format of its first command line, as used for Linux: blocks with their size before them,
 * each by itself (LZ4 Frame Format, "Legacy frame"; LZ4 Block Format).
 *
 * @throws PackingDamage
 */
export function decompressLz4(bytes: Uint8Array, most: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const output = new Uint8Array(LARGEST_BLOCK);
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at + 4 <= bytes.length; ) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === MAGIC) continue;
    if (size > bytes.length - at) throw new PackingDamage('it ends within a block');
    const count = decodeBlock(bytes.subarray(at, at + size), output);
    if (count === undefined) throw new PackingDamage('its compressed data is damaged');
    total += count;
    if (total > most) throw new PackingDamage(`it decompresses to more than ${most} bytes`);
    parts.push(output.slice(0, count));
    at += size;
  }
  const whole = new Uint8Array(total);
  let done = 0;
  for (const part of parts) {
    whole.set(part, done);
    done += part.length;
  }
  return whole;
}

/** How many bytes a block comes to; `undefined` if it is damaged, or does not fit into the output. */
function decodeBlock(block: Uint8Array, out: Uint8Array): number | undefined {
  const input = { bytes: block, at: 0 };
  let to = 0;
  while (input.at < block.length) {
    const token = block[input.at++] as number;
    const literals = readLength(input, token >> 4);
    if (input.at + literals > block.length || to + literals > out.length) return undefined;
    out.set(block.subarray(input.at, input.at + literals), to);
    to += literals;
    input.at += literals;
    // The last sequence has literals only.
    if (input.at === block.length) return to;
    const distance = (block[input.at] ?? 0) | ((block[input.at + 1] ?? 0) << 8);
    input.at += 2;
    const length = readLength(input, token & 0xf) + SHORTEST_MATCH;
    if (distance === 0 || distance > to || to + length > out.length) return undefined;
    for (const end = to + length; to < end; to += 1) out[to] = out[to - distance] as number;
  }
  return undefined;
}

function readLength(input: { readonly bytes: Uint8Array; at: number }, start: number): number {
  let length = start;
  for (let more = start === LONG; more; ) {
    const byte = input.bytes[input.at++] ?? 0;
    length += byte;
    more = byte === 255;
  }
  return length;
}
