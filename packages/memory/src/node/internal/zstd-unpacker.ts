import { Decompress } from 'fzstd';
import { littleEndian, measureBlock } from '../../codecs/zstd';
import type { KeptTables } from '../../codecs/zstd-sequences';
import type { Unpacker } from './unpacker';

const MAGIC = 0xfd2fb528;
// RFC 8878, 3.1.2: the lowest four bits are free.
const SKIPPABLE = 0x184d2a50;
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;
const LARGEST_BLOCK = 128 * 1024;
// What RFC 8878, 3.1.1.1.2 asks every decoder for. The library moves a whole window for each block.
const LARGEST_WINDOW = 8 * 1024 * 1024;
const PIECE = 64 * 1024;

/** What is wrong with a file, thrown inside of this file only. */
class Damage extends Error {}

/** A frame that is being unpacked. */
interface Frame {
  readonly decoder: Decompress;
  readonly largestBlock: number;
  readonly checksum: boolean;
  readonly kept: KeptTables;
}

/**
 * Unpacks Zstandard (RFC 8878) with a library in JavaScript, which trusts what a frame says: window and blocks are
 * measured before it gets them. Checksums are not compared. Node's own decoder, from 22.15 on, is asynchronous, and stops
 * without a word at the end of the first frame.
 */
export function zstdUnpacker(): Unpacker {
  const reader = new ZstdReader();
  return {
    piece: PIECE,
    push: (piece, last, take) => {
      try {
        reader.push(piece, take);
      } catch (error) {
        // Whatever the library throws, there is no way to go on.
        return (error as Error).message;
      }
      return last && !reader.complete ? 'unexpected end of file' : undefined;
    },
    close: () => {
      // Nothing is held open.
    },
  };
}

class ZstdReader {
  private pending: Uint8Array = new Uint8Array(0);
  private skip = 0;
  private frame: Frame | undefined;
  private take: (bytes: Uint8Array) => void = () => undefined;

  /** Whether all that came was whole frames. */
  get complete(): boolean {
    return this.frame === undefined && this.pending.length === 0 && this.skip === 0;
  }

  push(piece: Uint8Array, take: (bytes: Uint8Array) => void): void {
    this.take = take;
    const joined = new Uint8Array(this.pending.length + piece.length);
    joined.set(this.pending);
    joined.set(piece, this.pending.length);
    this.pending = joined;
    for (let used = -1; used !== 0; ) {
      used =
        this.skip > 0 ? this.skipped() : this.frame === undefined ? this.header() : this.block(this.frame);
      this.pending = this.pending.subarray(used);
    }
  }

  private skipped(): number {
    const length = Math.min(this.skip, this.pending.length);
    this.skip -= length;
    return length;
  }

  /** Each step returns how many bytes it used, 0 where it needs more of them. */
  private header(): number {
    const bytes = this.pending;
    if (bytes.length < 8) return 0;
    const magic = littleEndian(bytes, 0, 4);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      this.skip = littleEndian(bytes, 4, 4);
      return 8;
    }
    if (magic !== MAGIC) throw new Damage('no frame begins at the end of the last one');
    const descriptor = bytes[4] ?? 0;
    const single = (descriptor & 0x20) !== 0;
    if ((descriptor & 8) !== 0) throw new Damage('a reserved bit is set');
    if ((descriptor & 3) !== 0) throw new Damage('it needs a dictionary');
    const code = descriptor >> 6;
    const sizeBytes = code === 0 ? (single ? 1 : 0) : 1 << code;
    const length = (single ? 5 : 6) + sizeBytes;
    if (bytes.length < length) return 0;
    const size = littleEndian(bytes, length - sizeBytes, sizeBytes) + (code === 1 ? 256 : 0);
    this.open(bytes.slice(0, length), single ? size : windowOf(bytes[5] ?? 0));
    return length;
  }

  private open(header: Uint8Array, window: number): void {
    if (window > LARGEST_WINDOW) {
      throw new Damage(`it was compressed with a window of ${window} bytes; unpack it with unzstd --long=31`);
    }
    const descriptor = header[4] ?? 0;
    // The checksum is skipped here, and the library must not wait for it.
    header[4] = descriptor & ~4;
    const decoder = new Decompress((bytes) => this.take(bytes));
    decoder.push(header);
    const largestBlock = Math.min(window, LARGEST_BLOCK);
    this.frame = { decoder, largestBlock, checksum: (descriptor & 4) !== 0, kept: {} };
  }

  private block({ decoder, largestBlock, checksum, kept }: Frame): number {
    const bytes = this.pending;
    if (bytes.length < 3) return 0;
    const head = littleEndian(bytes, 0, 3);
    const kind = (head >> 1) & 3;
    const size = head >> 3;
    if (kind > COMPRESSED || size > largestBlock) throw new Damage('a block is larger than allowed');
    const end = 3 + (kind === RLE ? 1 : size);
    if (bytes.length < end) return 0;
    const content = bytes.subarray(3, end);
    const total = kind === RAW || kind === RLE ? size : measureBlock(content, largestBlock, kept);
    if (total > largestBlock) throw new Damage('a block decompresses to more than allowed');
    const last = (head & 1) === 1;
    decoder.push(bytes.slice(0, end), last);
    if (last) this.frame = undefined;
    if (last && checksum) this.skip = 4;
    return end;
  }
}

/** RFC 8878, 3.1.1.1.2. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
