import { unzlibSync } from 'fflate';

/** A zlib stream (RFC 1950), its checksum included, which fflate leaves alone. */
export function decompressZlib(block: Uint8Array, into: Uint8Array): boolean {
  // One byte more than wanted shows a stream that is too long.
  const output = new Uint8Array(into.length + 1);
  try {
    if (unzlibSync(block, { out: output }).length !== into.length) return false;
  } catch {
    // The library may throw anything: this block cannot be read.
    return false;
  }
  into.set(output.subarray(0, into.length));
  const tail = block.subarray(block.length - 4);
  return new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getUint32(0) === adler32(into);
}

const ADLER_BASE = 65_521;
// As many bytes as can be added before the sums must be reduced to stay below 2^32.
const ADLER_RUN = 3800;

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let start = 0; start < bytes.length; start += ADLER_RUN) {
    const end = Math.min(bytes.length, start + ADLER_RUN);
    for (let index = start; index < end; index += 1) {
      low += bytes[index] ?? 0;
      high += low;
    }
    low %= ADLER_BASE;
    high %= ADLER_BASE;
  }
  return high * 65_536 + low;
}
