import { inflateSync } from 'node:zlib';
import { type Codecs, portableCodecs } from '../codecs';

/**
 * The decompressors of {@link portableCodecs}, with Node's own zlib in the place of the plain JavaScript one.
 *
 * @example
 * ```ts
 * nodeCodecs.zlib(Uint8Array.of(1, 2, 3), new Uint8Array(4096)) // => false
 * ```
 */
export const nodeCodecs: Codecs = { ...portableCodecs, zlib: inflate };

function inflate(block: Uint8Array, into: Uint8Array): boolean {
  try {
    const bytes = inflateSync(block, { maxOutputLength: into.length });
    if (bytes.length !== into.length) return false;
    into.set(bytes);
    return true;
  } catch {
    // Whatever zlib says, of this block nothing can be had.
    return false;
  }
}
