import { Gunzip } from 'fflate';
import { PackingDamage } from './packing-damage';

/** The unpacked bytes of a piece are in memory at once: up to 1032 times as much, 64 MiB. */
const PIECE = 64 * 1024;

/**
 * Undoes gzip (RFC 1952), and stops as soon as it comes to more than `most` bytes. The checksum is not compared.
 *
 * @throws PackingDamage
 */
export function decompressGzip(bytes: Uint8Array, most: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  const stream = new Gunzip((part) => {
    total += part.length;
    if (total > most) throw new PackingDamage(`it decompresses to more than ${most} bytes`);
    parts.push(part);
  });
  try {
    for (let at = 0; at < bytes.length; at += PIECE)
      stream.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
  } catch (cause) {
    if (cause instanceof PackingDamage) throw cause;
    // The library may throw anything: there is no way to go on.
    throw new PackingDamage(`its compressed data is damaged: ${(cause as Error).message}`);
  }
  const whole = new Uint8Array(total);
  let done = 0;
  for (const part of parts) {
    whole.set(part, done);
    done += part.length;
  }
  return whole;
}
