import { PackingDamage } from '../packing-damage';
import { HuffmanTable } from './huffman-table';
import { endMark, LARGEST_BLOCK, littleEndian, type PaddedBytes } from './padded-bytes';

const RAW = 0;
const RLE = 1;
const TREELESS = 3;
const STREAMS = 4;

/** The literals of a block (RFC 8878, 3.1.1.3.1): bytes that its sequences put between their copies. */
export class Literals {
  readonly bytes = new Uint8Array(LARGEST_BLOCK);
  count = 0;
  private readonly table = new HuffmanTable();

  /** Forgets the table of the frame before. */
  reset(): void {
    this.table.bits = 0;
  }

  /** Reads the literals at the start of a block, and returns the index behind them. @throws PackingDamage */
  read(source: PaddedBytes): number {
    const { bytes, start, end } = source;
    const head = bytes[start] ?? 0;
    const kind = head & 3;
    const format = (head >> 2) & 3;
    if (kind > RLE) return this.readCoded(source, format, kind === TREELESS);
    const header = format === 3 ? 3 : format === 1 ? 2 : 1;
    this.count = littleEndian(bytes, start, header) >> (header === 1 ? 3 : 4);
    const at = start + header;
    const behind = at + (kind === RAW ? this.count : 1);
    if (this.count > LARGEST_BLOCK || behind > end) throw damage();
    if (kind === RAW) this.bytes.set(bytes.subarray(at, behind));
    else this.bytes.fill(bytes[at] ?? 0, 0, this.count);
    return behind;
  }

  private readCoded(source: PaddedBytes, format: number, treeless: boolean): number {
    const { bytes, start, end } = source;
    const header = format < 2 ? 3 : format + 2;
    const bits = format < 2 ? 10 : format === 2 ? 14 : 18;
    const packed = Math.floor(littleEndian(bytes, start, header) / 16);
    const first = start + header;
    const behind = first + Math.floor(packed / 2 ** bits);
    this.count = packed % 2 ** bits;
    if (this.count > LARGEST_BLOCK || behind > end) throw damage();
    const at = treeless ? first : this.table.read(source, first);
    if (this.table.bits === 0) throw damage();
    if (format === 0) this.readStream(source, at, behind, 0, this.count);
    else this.readStreams(source, at, behind);
    return behind;
  }

  /** Four streams, with the lengths of three of them before them. */
  private readStreams(source: PaddedBytes, start: number, behind: number): void {
    const part = (this.count + 3) >> 2;
    let at = start + 6;
    for (let index = 0; index < STREAMS; index += 1) {
      const last = index === STREAMS - 1;
      const next = last ? behind : at + littleEndian(source.bytes, start + 2 * index, 2);
      if (next > behind || next < at || 3 * part > this.count) throw damage();
      this.readStream(source, at, next, index * part, last ? this.count : (index + 1) * part);
      at = next;
    }
  }

  /** Literals `from` to `to` of one stream, which is read backwards and must end exactly. */
  private readStream(source: PaddedBytes, start: number, end: number, from: number, to: number): void {
    const { entries, bits } = this.table;
    const { view } = source;
    const out = this.bytes;
    const mask = (1 << bits) - 1;
    const floor = start * 8;
    let bit = endMark(source, start, end);
    let at = from;
    // 24 bits have two literals of up to 11.
    for (const pairs = to - 1; at < pairs && bit >= floor; at += 2) {
      const low = bit - 24;
      const word = view.getInt32(low >> 3, true) >>> (low & 7);
      const one = entries[(word >>> (24 - bits)) & mask] ?? 0;
      const left = 24 - (one & 15);
      const two = entries[(word >>> (left - bits)) & mask] ?? 0;
      out[at] = one >> 4;
      out[at + 1] = two >> 4;
      bit = low + left - (two & 15);
    }
    if (at === to - 1 && bit >= floor) {
      const low = bit - 24;
      const one = entries[(view.getInt32(low >> 3, true) >>> ((low & 7) + 24 - bits)) & mask] ?? 0;
      out[at] = one >> 4;
      bit -= one & 15;
    }
    if (bit !== floor) throw damage();
  }
}

function damage(): PackingDamage {
  return new PackingDamage('the literals of a block are damaged');
}
