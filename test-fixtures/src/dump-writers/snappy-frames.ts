import { concatBytes } from './range-header';

/** How a framed stream is written. */
export interface SnappyFrameOptions {
  /** `no` stores all chunks as they are; `auto`, the default, compresses those that become shorter. */
  readonly compress?: 'auto' | 'no';
  /** Whether chunks have a checksum; those without are of kinds 2 and 3. */
  readonly checksums?: boolean;
  /** Puts a padding chunk of so many bytes behind the identifier. */
  readonly padding?: number;
}

const CHUNK_SIZE = 65536;

/** Writes a framed snappy stream (google/snappy, framing_format.txt), in chunks of 64 KiB. */
export function snappyFrames(bytes: Uint8Array, options: SnappyFrameOptions = {}): Uint8Array {
  const { compress = 'auto', checksums = true, padding } = options;
  const parts = [chunkHeader(0xff, 6), new TextEncoder().encode('sNaPpY')];
  if (padding !== undefined) parts.push(chunkHeader(0xfe, padding), new Uint8Array(padding));
  for (let at = 0; at < bytes.length; at += CHUNK_SIZE) {
    const plain = bytes.subarray(at, at + CHUNK_SIZE);
    const packed = compress === 'auto' ? snappyBlock(plain) : plain;
    const stored = packed.length >= plain.length;
    const data = stored ? plain : packed;
    const kind = (stored ? 1 : 0) + (checksums ? 0 : 2);
    parts.push(chunkHeader(kind, data.length + (checksums ? 4 : 0)));
    if (checksums) parts.push(maskedChecksum(plain));
    parts.push(data);
  }
  return concatBytes(parts);
}

function chunkHeader(kind: number, length: number): Uint8Array {
  return Uint8Array.of(kind, length & 0xff, (length >> 8) & 0xff, length >> 16);
}

/** A snappy block (format_description.txt) of literals, and of copies where a byte repeats. */
export function snappyBlock(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    out.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && end - at < 60 && !repeats(bytes, end)) end += 1;
    out.push((end - at - 1) << 2, ...bytes.subarray(at, end));
    at = end;
    while (at < bytes.length && repeats(bytes, at)) {
      let length = 1;
      while (length < 64 && at + length < bytes.length && bytes[at + length] === bytes[at]) length += 1;
      // A copy with an offset of two bytes: here always 1, the byte before.
      out.push(((length - 1) << 2) | 2, 1, 0);
      at += length;
    }
  }
  return Uint8Array.from(out);
}

/** Whether a run of four bytes begins that are all as the byte before. */
function repeats(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at - 1];
  return at > 0 && [0, 1, 2, 3].every((step) => bytes[at + step] === byte);
}

/** CRC-32C bit by bit (RFC 3720, 12.1), rotated and shifted as the framing wants it. */
function maskedChecksum(bytes: Uint8Array): Uint8Array {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  const masked = (((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn;
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, Number(masked), true);
  return out;
}
