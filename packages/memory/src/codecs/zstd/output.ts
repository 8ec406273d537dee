import { PackingDamage } from '../packing-damage';
import type { FrameHeader } from './frame-header';

/** The output of the blocks. The matches of a frame copy from its earlier output. */
export abstract class ZstdOutput {
  abstract bytes: Uint8Array;
  /** Where the next byte goes. */
  at = 0;
  /** Where in `bytes` the frame begins, or the kept part of it. */
  start = 0;

  /** A frame begins. */
  beginFrame(_header: FrameHeader): void {
    this.start = this.at;
  }

  /** Bytes of the frame so far. */
  get frameSize(): number {
    return this.at - this.start;
  }

  /** Grows to hold so many bytes at `at`. @throws PackingDamage */
  abstract reserve(length: number): void;

  /** A block has ended at `at`. */
  endBlock(): void {
    // Most outputs have nothing to do.
  }

  /** Copies output that is no longer in `bytes` to `at`: from so far back. @throws PackingDamage */
  copyFar(_offset: number, _length: number): void {
    throw new PackingDamage('a block copies bytes from before its frame');
  }
}

/** A buffer that must not be left. */
export class FixedOutput extends ZstdOutput {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }

  override reserve(length: number): void {
    if (this.at + length > this.bytes.length) throw tooMuch(this.bytes.length);
  }
}

/** A buffer that grows, up to `most` bytes. */
export class GrowingOutput extends ZstdOutput {
  bytes: Uint8Array;
  private readonly most: number;

  constructor(first: number, most: number) {
    super();
    this.bytes = new Uint8Array(Math.min(first, most));
    this.most = most;
  }

  override beginFrame(header: FrameHeader): void {
    super.beginFrame(header);
    if (header.size !== undefined && header.size > this.most - this.at) throw tooMuch(this.most);
  }

  override reserve(length: number): void {
    const needed = this.at + length;
    if (needed <= this.bytes.length) return;
    if (needed > this.most) throw tooMuch(this.most);
    const grown = new Uint8Array(Math.min(this.most, Math.max(needed, 2 * this.bytes.length)));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }

  /** The unpacked bytes. */
  finish(): Uint8Array {
    return this.at === this.bytes.length ? this.bytes : this.bytes.slice(0, this.at);
  }
}

function tooMuch(most: number): PackingDamage {
  return new PackingDamage(`it decompresses to more than ${most} bytes`);
}
