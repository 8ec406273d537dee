import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';

const WINDOW_BYTES = 1024 * 1024;
const TWO_32 = 2 ** 32;

/**
 * Reads a source from front to back, big-endian, a mebibyte at a time; bytes of a far skip are never read.
 */
export class StreamReader {
  readonly source: ByteSource;
  private readonly buffer: Uint8Array;
  private readonly view: DataView;
  /** File position of the first byte of `buffer`. */
  private base = 0;
  /** How many bytes of `buffer` are filled, and the next one to be read. */
  private filled = 0;
  private at = 0;

  constructor(source: ByteSource, position = 0) {
    this.source = source;
    this.buffer = new Uint8Array(Math.min(WINDOW_BYTES, Math.max(source.size, 16)));
    this.view = new DataView(this.buffer.buffer);
    this.base = position;
  }

  /** File position of the next byte. */
  get position(): number {
    return this.base + this.at;
  }

  set position(position: number) {
    const inWindow = position - this.base;
    if (inWindow >= 0 && inWindow <= this.filled) {
      this.at = inWindow;
      return;
    }
    this.base = position;
    this.at = 0;
    this.filled = 0;
  }

  /** How many bytes are left. */
  get left(): number {
    return Math.max(0, this.source.size - this.position);
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2));
  }

  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  /** 64 bits as a number, whose low 12 bits are exact below 2^53; larger ones come out as infinity. */
  u64(): number {
    const at = this.take(8);
    const high = this.view.getUint32(at);
    return high >= 2 ** 21 ? Number.POSITIVE_INFINITY : high * TWO_32 + this.view.getUint32(at + 4);
  }

  /** Some bytes as Latin-1; `length` is at most 255. */
  text(length: number): string {
    const at = this.take(length);
    return String.fromCharCode(...this.buffer.subarray(at, at + length));
  }

  /** @throws OsiError `DUMP_TRUNCATED` where fewer bytes are left. */
  skip(length: number): void {
    if (!(length <= this.left)) throw this.ended(length);
    this.position += length;
  }

  /** The next bytes without taking them: `length` or the rest. Valid until the next call. */
  peek(length: number): Uint8Array {
    return this.window(length).subarray(0, length);
  }

  /**
   * All bytes that are at hand without taking them, `least` of them or the rest. Valid until the next call.
   */
  window(least: number): Uint8Array {
    if (this.filled - this.at < least) this.refill();
    return this.buffer.subarray(this.at, this.filled);
  }

  private take(length: number): number {
    if (this.filled - this.at < length) {
      this.refill();
      if (this.filled - this.at < length) throw this.ended(length);
    }
    const at = this.at;
    this.at += length;
    return at;
  }

  private refill(): void {
    this.base += this.at;
    this.at = 0;
    this.filled = this.source.read(this.base, this.buffer);
  }

  private ended(length: number): OsiError {
    const message = `${this.source.name} ends at offset ${this.source.size}: ${length} bytes are missing at ${this.position}`;
    return new OsiError('DUMP_TRUNCATED', message, {
      hint: 'copy or take the dump again',
      fields: { source: this.source.name, position: this.position },
    });
  }
}
