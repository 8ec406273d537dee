import type * as zlib from 'node:zlib';

/**
 * The functions of fflate that the packages use, by Node's own zlib: the library fills tables when it is
 * loaded, which costs a command as much as listing the processes of a guest. Node's is loaded when it is
 * called.
 */
export const unzlibSync = (block: Uint8Array, options?: zlib.ZlibOptions): Uint8Array =>
  process.getBuiltinModule('node:zlib').inflateSync(block, options);

/** Packs bytes as a zlib stream; see {@link unzlibSync}. */
export const zlibSync = (bytes: Uint8Array, options?: zlib.ZlibOptions): Uint8Array =>
  process.getBuiltinModule('node:zlib').deflateSync(bytes, options);

/** No file that is unpacked in memory may come to more. */
const MOST_BYTES = 1024 * 1024 * 1024;

/** Undoes gzip once the last piece has come. */
export class Gunzip {
  private readonly pieces: Uint8Array[] = [];
  private readonly take: (bytes: Uint8Array, last: boolean) => void;

  constructor(take: (bytes: Uint8Array, last: boolean) => void) {
    this.take = take;
  }

  push(piece: Uint8Array, last = false): void {
    this.pieces.push(piece);
    if (!last) return;
    const { gunzipSync } = process.getBuiltinModule('node:zlib');
    this.take(gunzipSync(Buffer.concat(this.pieces), { maxOutputLength: MOST_BYTES }), true);
  }
}
