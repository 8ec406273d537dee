/** Collects integers and bytes one after the other, big-endian. */
export class BigEndianWriter {
  private readonly parts: Uint8Array[] = [];
  private total = 0;

  /** Bytes so far. */
  get length(): number {
    return this.total;
  }

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u16(value: number): this {
    return this.integer(2, BigInt(value));
  }

  u32(value: number | bigint): this {
    return this.integer(4, BigInt(value));
  }

  u64(value: number | bigint): this {
    return this.integer(8, BigInt(value));
  }

  /** Latin-1. */
  text(text: string): this {
    return this.bytes(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  /** A text behind a byte with its length. */
  shortText(text: string): this {
    return this.u8(text.length).text(text);
  }

  bytes(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.total += bytes.length;
    return this;
  }

  /** All of it. */
  finish(): Uint8Array {
    const all = new Uint8Array(this.total);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  private integer(size: 2 | 4 | 8, value: bigint): this {
    const bytes = new Uint8Array(size);
    for (let index = 0; index < size; index += 1) {
      bytes[index] = Number((value >> BigInt(8 * (size - 1 - index))) & 0xffn);
    }
    return this.bytes(bytes);
  }
}
