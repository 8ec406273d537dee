import { LzmaModel, type LzmaProperties } from './lzma';
import { RangeDecoder } from './range-decoder';

const END = 0;
const RAW_NEW_DICTIONARY = 1;
const RAW = 2;
const PACKED = 0x80;
/** The state that a packed piece sets anew, by bits 5 and 6 of its first byte. */
const NEW_STATE = 1;
const NEW_PROPERTIES = 2;
const NEW_DICTIONARY = 3;

/**
 * Undoes LZMA2, as in a block of an XZ file: pieces of up to 2 MiB, packed by LZMA or as they are.
 *
 * Returns where the input goes on; `undefined` if it does not fill `out` from `start` to its end, exactly.
 */
export function decodeLzma2(bytes: Uint8Array, at: number, out: Uint8Array): number | undefined {
  const reader = new PieceReader(bytes, at, out);
  while (reader.piece());
  return reader.isWhole ? reader.at : undefined;
}

class PieceReader {
  at: number;
  isWhole = false;
  private readonly bytes: Uint8Array;
  private readonly out: Uint8Array;
  private readonly input: RangeDecoder;
  private done = 0;
  /** Where the dictionary begins in the output; none before the first piece. */
  private start: number | undefined;
  private properties: LzmaProperties | undefined;
  private model: LzmaModel | undefined;

  constructor(bytes: Uint8Array, at: number, out: Uint8Array) {
    this.bytes = bytes;
    this.at = at;
    this.out = out;
    this.input = new RangeDecoder(bytes);
  }

  /** Whether there may be another one. */
  piece(): boolean {
    const control = this.bytes[this.at];
    if (control === END) {
      this.at += 1;
      this.isWhole = this.done === this.out.length;
      return false;
    }
    if (control === undefined || (control > RAW && control < PACKED)) return false;
    return control < PACKED ? this.raw(control) : this.packed(control);
  }

  private raw(control: number): boolean {
    if (control === RAW_NEW_DICTIONARY) this.start = this.done;
    const size = this.number(this.at + 1) + 1;
    const from = this.at + 3;
    if (this.start === undefined || from + size > this.bytes.length || this.done + size > this.out.length)
      return false;
    this.out.set(this.bytes.subarray(from, from + size), this.done);
    this.done += size;
    this.at = from + size;
    return true;
  }

  private packed(control: number): boolean {
    const resets = (control >> 5) & 3;
    const size = ((control & 0x1f) << 16) + this.number(this.at + 1) + 1;
    const packed = this.number(this.at + 3) + 1;
    let from = this.at + 5;
    if (resets === NEW_DICTIONARY) this.start = this.done;
    if (resets >= NEW_PROPERTIES) {
      this.properties = readProperties(this.bytes[from] ?? 0xff);
      from += 1;
    }
    if (resets >= NEW_STATE && this.properties !== undefined) this.model = new LzmaModel(this.properties);
    const { model, start, input, out, done } = this;
    const end = from + packed;
    if (model === undefined || start === undefined || this.properties === undefined) return false;
    if (end > this.bytes.length || done + size > out.length || !input.start(from, end)) return false;
    if (!model.decode(input, out, start, done, done + size) || !input.isDone) return false;
    this.done += size;
    this.at = end;
    return true;
  }

  private number(at: number): number {
    return ((this.bytes[at] ?? 0) << 8) | (this.bytes[at + 1] ?? 0);
  }
}

/** All three in one byte; LZMA2 allows no more than 4 bits of context for a literal. */
function readProperties(byte: number): LzmaProperties | undefined {
  const properties = {
    literalContext: byte % 9,
    literalPosition: Math.floor(byte / 9) % 5,
    position: Math.floor(byte / 45),
  };
  const { literalContext, literalPosition, position } = properties;
  return position > 4 || literalContext + literalPosition > 4 ? undefined : properties;
}
