import { PackingDamage } from '../packing-damage';
import { BlockDecoder } from './block-decoder';
import { type FrameHeader, LONGEST_HEADER, readFrameHeader } from './frame-header';
import type { ZstdOutput } from './output';
import { LARGEST_BLOCK, littleEndian } from './padded-bytes';

// RFC 8878, 3.1.2: the lowest four bits are free.
const SKIPPABLE = 0x184d2a50;
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;
const NOTHING = new Uint8Array(0);

/**
 * Unpacks Zstandard (RFC 8878), one frame or several, in pieces of any size. Every size is checked before it is used, and
 * memory is allocated only for bytes that are unpacked, not for the sizes that a frame claims. Checksums are
 * not compared.
 */
export class ZstdReader {
  private readonly decoder = new BlockDecoder();
  private output: ZstdOutput;
  private pending: Uint8Array = NOTHING;
  private skip = 0;
  private frame: FrameHeader | undefined;

  constructor(output: ZstdOutput) {
    this.output = output;
  }

  /** Begins anew, after any input. */
  reset(output: ZstdOutput): void {
    this.output = output;
    this.pending = NOTHING;
    this.skip = 0;
    this.frame = undefined;
  }

  /** Whether all that came was whole frames. */
  get complete(): boolean {
    return this.frame === undefined && this.pending.length === 0 && this.skip === 0;
  }

  /** Unpacks as much as the piece allows. @throws PackingDamage, after which there is no more. */
  push(piece: Uint8Array): void {
    let bytes = piece;
    if (this.pending.length > 0) {
      bytes = new Uint8Array(this.pending.length + piece.length);
      bytes.set(this.pending);
      bytes.set(piece, this.pending.length);
    }
    let at = 0;
    for (let used = -1; used !== 0; at += used) used = this.step(bytes.subarray(at));
    this.pending = bytes.slice(at);
  }

  /** Each step returns how many bytes it used, 0 where it needs more of them. */
  private step(bytes: Uint8Array): number {
    if (this.skip > 0) {
      const length = Math.min(this.skip, bytes.length);
      this.skip -= length;
      return length;
    }
    return this.frame === undefined ? this.begin(bytes) : this.block(bytes, this.frame);
  }

  private begin(bytes: Uint8Array): number {
    if (bytes.length >= 8 && (littleEndian(bytes, 0, 4) & 0xfffffff0) >>> 0 === SKIPPABLE) {
      this.skip = littleEndian(bytes, 4, 4);
      return 8;
    }
    if (bytes.length < 8 && (bytes[3] ?? 0) !== 0xfd) return 0;
    const header = readFrameHeader(bytes.subarray(0, LONGEST_HEADER));
    if (header === undefined) return 0;
    this.frame = header;
    this.decoder.reset();
    this.output.beginFrame(header);
    return header.length;
  }

  private block(bytes: Uint8Array, frame: FrameHeader): number {
    if (bytes.length < 3) return 0;
    const head = littleEndian(bytes, 0, 3);
    const kind = (head >> 1) & 3;
    const size = head >> 3;
    const most = Math.min(frame.window, LARGEST_BLOCK);
    if (kind > COMPRESSED || size > most) throw new PackingDamage('a block is larger than allowed');
    const end = 3 + (kind === RLE ? 1 : size);
    if (bytes.length < end) return 0;
    this.unpack(kind, bytes.subarray(3, end), size, most);
    this.output.endBlock();
    if ((head & 1) === 1) this.endFrame(frame);
    return end;
  }

  private unpack(kind: number, content: Uint8Array, size: number, most: number): void {
    const { output } = this;
    if (kind === COMPRESSED) {
      this.decoder.decode(content, most, output);
      return;
    }
    output.reserve(size);
    if (kind === RAW) output.bytes.set(content, output.at);
    else output.bytes.fill(content[0] ?? 0, output.at, output.at + size);
    output.at += size;
  }

  private endFrame({ size, checksum }: FrameHeader): void {
    const { frameSize } = this.output;
    if (size !== undefined && size !== frameSize) {
      throw new PackingDamage(`it decompresses to ${frameSize} bytes, but its header has ${size}`);
    }
    this.frame = undefined;
    if (checksum) this.skip = 4;
  }
}
