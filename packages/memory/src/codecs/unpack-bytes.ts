import { OsiError } from '@osi-linux/core';
import { decompressGzip } from './gzip';
import { decompressLz4 } from './lz4';
import { PackingDamage } from './packing-damage';
import { decompressXz } from './xz';
import { decompressZstdFrames } from './zstd';

/** The packings of files and kernels. */
export type Packing = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lzma' | 'lzop' | 'lz4';

/** How to unpack. */
export interface UnpackBytesOptions {
  /** The most bytes that it may come to. */
  readonly most: number;
  /** Its name in messages. */
  readonly name?: string | undefined;
}

interface PackingRow {
  readonly magic: readonly number[];
  readonly command: string;
  /** Absent for a packing that is only known by its name. */
  readonly undo?: (bytes: Uint8Array, most: number) => Uint8Array;
}

// RFC 1952, 2.3.1; RFC 8878, 3.1.1; The .xz File Format, 2.1.1.1; the old format of LZ4, as Linux is packed.
const PACKINGS: Readonly<Record<Packing, PackingRow>> = {
  gzip: { magic: [0x1f, 0x8b, 0x08], command: 'gunzip -k', undo: decompressGzip },
  zstd: { magic: [0x28, 0xb5, 0x2f, 0xfd], command: 'unzstd -k', undo: decompressZstdFrames },
  xz: { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], command: 'unxz -k', undo: decompressXz },
  bzip2: { magic: [0x42, 0x5a, 0x68], command: 'bunzip2 -k' },
  lzma: { magic: [0x5d, 0x00, 0x00], command: 'unlzma -k' },
  lzop: { magic: [0x89, 0x4c, 0x5a, 0x4f], command: 'lzop -d' },
  lz4: { magic: [0x02, 0x21, 0x4c, 0x18], command: 'lz4 -d', undo: decompressLz4 },
};
const NAMES = Object.keys(PACKINGS) as readonly Packing[];

/**
 * The packing of bytes, by how they begin; `undefined` if they are not packed, or in an unknown way.
 *
 * @example
 * ```ts
 * findPacking(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) // => 'xz'
 * findPacking(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)) // => undefined
 * ```
 */
export function findPacking(bytes: Uint8Array): Packing | undefined {
  return NAMES.find((name) => PACKINGS[name].magic.every((byte, index) => bytes[index] === byte));
}

/**
 * Unpacks bytes of gzip, zstd, xz or the old format of lz4, in memory and in plain JavaScript.
 *
 * Of xz the filter for x86 code, as used for Linux, is undone too. Data that unpacks to more than `most`
 * bytes is refused before or as soon as it does.
 *
 * @throws OsiError `PACKING_UNSUPPORTED` where it is packed in another way, or in none that is known;
 * `SOURCE_UNPACK_FAILED` where it is damaged or too large.
 *
 * @example
 * ```ts
 * const packed = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, 7, 8);
 * [...unpackBytes(packed, { most: 4096 })] // => [7, 8]
 * unpackBytes(packed, { most: 1 }) // throws SOURCE_UNPACK_FAILED
 * unpackBytes(Uint8Array.of(0x42, 0x5a, 0x68), { most: 4096 }) // throws PACKING_UNSUPPORTED
 * ```
 */
export function unpackBytes(bytes: Uint8Array, { most, name = 'the file' }: UnpackBytesOptions): Uint8Array {
  const packing = findPacking(bytes);
  const row = packing === undefined ? undefined : PACKINGS[packing];
  if (packing === undefined || row?.undo === undefined) throw unsupported(name, packing, row);
  try {
    return row.undo(bytes, most);
  } catch (error) {
    if (!(error instanceof PackingDamage)) throw error;
    throw new OsiError(
      'SOURCE_UNPACK_FAILED',
      `${name} cannot be unpacked from ${packing}: ${error.message}`,
      {
        hint: `copy the file again; "${row.command}" checks it`,
        fields: { source: name, compression: packing },
      },
    );
  }
}

function unsupported(name: string, packing: Packing | undefined, row: PackingRow | undefined): OsiError {
  const how = packing === undefined ? 'in an unknown format' : `with ${packing}`;
  return new OsiError(
    'PACKING_UNSUPPORTED',
    `${name} is compressed ${how}, which is not supported; gzip, zstd, xz and lz4 are`,
    {
      ...(row === undefined ? {} : { hint: `unpack the file first: ${row.command} FILE` }),
      fields: { source: name, compression: packing },
    },
  );
}
