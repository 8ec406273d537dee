import { decompressLzo } from './lzo';
import { decompressSnappy } from './snappy';
import { decompressZlib } from './zlib';
import { decompressZstd } from './zstd';

/**
 * Undoes the compression of one block into a buffer; true only where the block fills it exactly.
 *
 * It never throws; after `false` the buffer's contents are undefined.
 */
export type Decompressor = (block: Uint8Array, into: Uint8Array) => boolean;

/** The compressions of dump formats, so that a faster library can take the place of {@link portableCodecs}. */
export interface Codecs {
  /** A zlib stream (RFC 1950). */
  readonly zlib: Decompressor;
  /** LZO1X, without any header. */
  readonly lzo: Decompressor;
  /** A raw snappy block, without framing. */
  readonly snappy: Decompressor;
  /** One Zstandard frame (RFC 8878), without a dictionary. */
  readonly zstd: Decompressor;
}

/**
 * Decompressors that run anywhere, in plain JavaScript.
 *
 * @example
 * ```ts
 * const page = new Uint8Array(4);
 * portableCodecs.snappy(Uint8Array.of(4, 3 << 2, 1, 2, 3, 4), page) // => true
 * [...page] // => [1, 2, 3, 4]
 * portableCodecs.snappy(Uint8Array.of(5, 3 << 2, 1, 2, 3, 4), page) // => false
 * ```
 */
export const portableCodecs: Codecs = {
  zlib: decompressZlib,
  lzo: decompressLzo,
  snappy: decompressSnappy,
  zstd: decompressZstd,
};
