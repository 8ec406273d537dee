import { tmpdir } from 'node:os';
import { constants, inflateSync } from 'node:zlib';
import { OsiError, PAGE_SIZE } from '@osi-linux/core';
import { PackingDamage } from '../codecs/packing-damage';
import { LONGEST_HEADER, readFrameHeader } from '../codecs/zstd/frame-header';
import type { Finding } from '../dump';
import type { ByteSource } from '../sources/byte-source';
import { readAt } from '../sources/read-at';
import { SparseFile } from './internal/sparse-file';
import type { Unpacker } from './internal/unpacker';
import { gzipUnpacker, inflateUnpacker } from './internal/zlib-unpacker';
import { zstdUnpacker } from './internal/zstd-unpacker';

/** How far the unpacking of a source has come. */
export interface UnpackProgress {
  /** The name of the source that is unpacked. */
  readonly name: string;
  /** Its packing. */
  readonly compression: 'gzip' | 'zlib' | 'zstd';
  /** Folder of the temporary file. */
  readonly folder: string;
  /** Bytes of the source that were read. */
  readonly packed: number;
  /** Bytes of the source in all. */
  readonly packedSize: number;
  /** Bytes that they came to. */
  readonly unpacked: number;
  /** Bytes that the source claims to unpack to; `undefined` if it does not, as gzip. */
  readonly unpackedSize: number | undefined;
  /** Bytes that were free in the folder at the beginning. */
  readonly free: number;
}

/** How to unpack a source. */
export interface UnpackOptions {
  /** Folder for the temporary file; that of the system unless given. */
  readonly folder?: string | undefined;
  /** Called at the beginning, and after every piece. */
  readonly onProgress?: ((progress: UnpackProgress) => void) | undefined;
}

/** A source without the compression around it. */
export interface UnpackedSource {
  /** The temporary file, or the source itself where it was not compressed. */
  readonly source: ByteSource;
  /** That it was unpacked, and where it is damaged; empty if it was not compressed. */
  readonly findings: readonly Finding[];
}

interface Compression {
  readonly name: UnpackProgress['compression'];
  readonly magic: readonly number[];
  /** Whether a source with this magic is packed so, if the magic is too short to show it. */
  readonly confirm?: (source: ByteSource) => boolean;
  readonly command: string;
  /** `file` is the file to unpack into, if all of it is wanted. */
  readonly open: (file?: SparseFile) => Unpacker;
  /** The unpacked size that the first bytes claim. */
  readonly claim?: (head: Uint8Array) => number | undefined;
}

// RFC 1952, 2.3.1, RFC 1950, 2.2 (deflate with a window of 32 KiB, as LiME's compress=1 writes) and RFC 8878, 3.1.1.
const COMPRESSIONS: readonly Compression[] = [
  {
    name: 'gzip',
    magic: [0x1f, 0x8b, 0x08],
    command: 'gunzip',
    open: () => gzipUnpacker(),
  },
  {
    name: 'zlib',
    magic: [0x78],
    confirm: isZlib,
    command: 'pigz -dz',
    open: () => inflateUnpacker(),
  },
  {
    name: 'zstd',
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    command: 'unzstd',
    open: (file) => zstdUnpacker(file && ((position, into) => file.read(position, into))),
    claim: claimOfZstd,
  },
];

const MOST_BYTES = 2 ** 44;

/**
 * Unpacks a source packed by gzip, zlib or zstd into a temporary file without a name, which is gone once it is
 * closed. Any other source is given back as it is.
 *
 * The source is closed when it was unpacked; where this throws, it stays with the caller. A damaged source
 * gives the bytes before the damage, less up to 64 KiB, with a finding.
 *
 * @throws OsiError `SOURCE_UNPACK_FAILED` where there is no room, or nothing can be unpacked.
 *
 * @example
 * ```ts
 * const plain = new BytesSource(new Uint8Array(65536));
 * unpackSource(plain) // => { source: plain, findings: [] }
 * unpackSource(new BytesSource(Uint8Array.of(0x1f, 0x8b, 8, 0))) // throws SOURCE_UNPACK_FAILED
 * ```
 */
export function unpackSource(source: ByteSource, options: UnpackOptions = {}): UnpackedSource {
  const compression = findCompression(source);
  if (compression === undefined) return { source, findings: [] };
  const file = new SparseFile(source.name, options.folder ?? tmpdir(), source.size);
  try {
    const damage = unpackInto(file, source, compression, options);
    const findings = [unpackedFinding(file, compression), ...damageFinding(damage, file)];
    if (file.size === 0) throw nothingUnpacked(source, compression, damage);
    const unpacked = file.finish();
    source.close();
    return { source: unpacked, findings };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/**
 * The first bytes of a source, unpacked if gzip, zlib or zstd has packed it: enough to recognise the file, for the
 * price of one piece.
 *
 * Fewer than `length` if there are no more, or if the first 64 KiB of the source do not unpack to as many.
 *
 * @example
 * ```ts
 * peekSource(new BytesSource(Uint8Array.of(1, 2, 3)), 2) // => Uint8Array.of(1, 2)
 * ```
 */
export function peekSource(source: ByteSource, length: number): Uint8Array {
  const compression = findCompression(source);
  if (compression === undefined) return readAt(source, 0, length);
  const unpacker = compression.open();
  const head = new Uint8Array(length);
  let done = 0;
  const take = (bytes: Uint8Array): void => {
    const part = bytes.subarray(0, length - done);
    head.set(part, done);
    done += part.length;
  };
  try {
    const piece = readAt(source, 0, unpacker.piece);
    unpacker.push(piece, piece.length === source.size, take);
  } finally {
    unpacker.close();
  }
  return head.subarray(0, done);
}

function findCompression(source: ByteSource): Compression | undefined {
  const head = readAt(source, 0, 4);
  return COMPRESSIONS.find(
    ({ magic, confirm }) =>
      magic.every((byte, index) => head[index] === byte) && (confirm === undefined || confirm(source)),
  );
}

// Other data fails within some hundred bytes.
const TRIAL_BYTES = 4096;

/**
 * The two bytes that a zlib stream begins with are also found elsewhere: its first blocks are unpacked. A file of whole
 * pages may be memory itself, and is only taken for zlib if a LiME dump comes out.
 */
function isZlib(source: ByteSource): boolean {
  const head = readAt(source, 0, TRIAL_BYTES);
  if ((((head[0] ?? 0) << 8) | (head[1] ?? 0)) % 31 !== 0) return false;
  try {
    const unpacked = inflateSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    return source.size % PAGE_SIZE === 0 ? unpacked.toString('latin1', 0, 4) === 'EMiL' : unpacked.length > 0;
  } catch {
    // Not a zlib stream, or one that is damaged at its beginning: the file is taken as it is.
    return false;
  }
}

/** Unpacks to the end, or to the damage, which is returned. */
function unpackInto(
  file: SparseFile,
  source: ByteSource,
  compression: Compression,
  { onProgress }: UnpackOptions,
): string | undefined {
  const unpacker = compression.open(file);
  const unpackedSize = compression.claim?.(readAt(source, 0, LONGEST_HEADER));
  const tell = (packed: number): void =>
    onProgress?.({
      name: source.name,
      compression: compression.name,
      folder: file.folder,
      packed,
      packedSize: source.size,
      unpacked: file.size,
      unpackedSize,
      free: file.free,
    });
  try {
    for (let at = 0; at < source.size; ) {
      tell(at);
      const piece = readAt(source, at, unpacker.piece);
      at += piece.length;
      const last = piece.length === 0 || at >= source.size;
      const damage = unpacker.push(piece, last, (bytes) => file.append(bytes));
      if (damage !== undefined || piece.length === 0) return damage;
      if (file.size > MOST_BYTES) return `more than ${MOST_BYTES} bytes`;
    }
    tell(source.size);
    return undefined;
  } finally {
    unpacker.close();
  }
}

function claimOfZstd(head: Uint8Array): number | undefined {
  try {
    return readFrameHeader(head)?.size;
  } catch (error) {
    if (!(error instanceof PackingDamage)) throw error;
    // The unpacker reports it.
    return undefined;
  }
}

function unpackedFinding(file: SparseFile, { name, command }: Compression): Finding {
  const value = `${file.size} bytes, into a temporary file; to avoid this each time, run ${command} once`;
  return { what: 'unpacked', value, evidence: `the file begins as ${name} does` };
}

function damageFinding(damage: string | undefined, file: SparseFile): Finding[] {
  if (damage === undefined) return [];
  const value = `only the first ${file.size} bytes could be unpacked`;
  return [{ what: 'truncated', value, evidence: `the compressed file is damaged or cut: ${damage}` }];
}

function nothingUnpacked(source: ByteSource, { name }: Compression, damage: string | undefined): OsiError {
  const why = damage === undefined ? 'it contains no data' : `it is damaged or cut: ${damage}`;
  return new OsiError('SOURCE_UNPACK_FAILED', `${source.name} cannot be unpacked from ${name}: ${why}`, {
    hint: 'copy the file again',
    fields: { source: source.name, compression: name },
  });
}
