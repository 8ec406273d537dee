import { type Codecs, portableCodecs } from '../codecs/codecs';

/**
 * The decompressors of {@link portableCodecs}, with Node's own zlib in the place of the plain JavaScript one.
 *
 * @example
 * ```ts
 * nodeCodecs.zlib(Uint8Array.of(1, 2, 3), new Uint8Array(4096)) // => false
 * ```
 */
export const nodeCodecs: Codecs = { ...portableCodecs, zlib: inflate };

let loaded: typeof import('node:zlib') | undefined;

/** Loaded with the first block: most dumps have none, and it costs as much as opening one. */
function zlib(): typeof import('node:zlib') {
  loaded ??= process.getBuiltinModule('node:zlib');
  return loaded;
}

function inflate(block: Uint8Array, into: Uint8Array): boolean {
  try {
    const bytes = zlib().inflateSync(block, { maxOutputLength: into.length });
    if (bytes.length !== into.length) return false;
    into.set(bytes);
    return true;
  } catch {
    // zlib may throw anything: this block cannot be read.
    return false;
  }
}
