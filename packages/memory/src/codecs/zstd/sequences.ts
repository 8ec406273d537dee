import { PackingDamage } from '../packing-damage';
import { bitsAt, endMark, LARGEST_BLOCK, type PaddedBytes, wideBitsAt } from './padded-bytes';
import { LITERAL_LENGTHS, MATCH_LENGTHS, OFFSETS, type SequenceCodes } from './sequence-codes';
import { readStateTable, StateTable } from './state-table';

const PREDEFINED = 0;
const RLE = 1;
const COMPRESSED = 2;
/** A match is no shorter, so that a block has no more sequences than a third of its bytes. */
const SHORTEST_MATCH = 3;
const MOST_SEQUENCES = Math.floor(LARGEST_BLOCK / SHORTEST_MATCH);

/** The codes of a kind, with the table that the next block may use again. */
class CodeReader {
  table: StateTable | undefined;
  private readonly own = new StateTable();
  private readonly kind: SequenceCodes;

  constructor(kind: SequenceCodes) {
    this.kind = kind;
  }

  /** Reads the table of a mode (RFC 8878, 3.1.1.3.2.1), and returns the index behind it. */
  read(source: PaddedBytes, start: number, mode: number): number {
    if (mode === PREDEFINED) this.table = this.kind.predefined();
    if (mode === RLE) {
      const code = source.bytes[start] ?? 0;
      if (code >= this.kind.codes || start >= source.end) throw damage();
      this.own.fillWithOne(code);
      this.table = this.own;
      return start + 1;
    }
    if (mode !== COMPRESSED) return start;
    this.table = this.own;
    return readStateTable(source, start, this.own, this.kind);
  }

  /** The table that is in force. */
  get current(): StateTable {
    if (this.table === undefined) throw damage();
    return this.table;
  }
}

/** The sequences of a block (RFC 8878, 3.1.1.3.2): how many literals, then how much from how far back, one after the other. */
export class Sequences {
  count = 0;
  readonly literalLengths = new Uint32Array(MOST_SEQUENCES);
  readonly matchLengths = new Uint32Array(MOST_SEQUENCES);
  readonly offsets = new Uint32Array(MOST_SEQUENCES);
  /** Literals that all sequences take. */
  literals = 0;
  /** Bytes that all of them copy. */
  matched = 0;
  private readonly lengths = new CodeReader(LITERAL_LENGTHS);
  private readonly distances = new CodeReader(OFFSETS);
  private readonly matches = new CodeReader(MATCH_LENGTHS);
  /** The last three offsets, the latest first. */
  private readonly recent = new Uint32Array(3);

  /** Forgets the tables and the offsets of the frame before. */
  reset(): void {
    for (const reader of [this.lengths, this.distances, this.matches]) reader.table = undefined;
    this.recent.set([1, 4, 8]);
  }

  /** Reads the part of a block behind its literals. @throws PackingDamage */
  read(source: PaddedBytes, start: number): void {
    const { bytes, end } = source;
    const [first, second, third] = [bytes[start] ?? 0, bytes[start + 1] ?? 0, bytes[start + 2] ?? 0];
    // The number of sequences is in 1, 2 or 3 bytes.
    const [width, count] =
      first < 128
        ? [1, first]
        : first < 255
          ? [2, (first - 128) * 256 + second]
          : [3, second + third * 256 + 0x7f00];
    if (start + width > end) throw damage();
    if (count > MOST_SEQUENCES) throw new PackingDamage('a block decompresses to more than allowed');
    [this.count, this.literals, this.matched] = [count, 0, 0];
    if (count === 0) return;
    const modes = bytes[start + width] ?? 0;
    let at = start + width + 1;
    at = this.lengths.read(source, at, modes >> 6);
    at = this.distances.read(source, at, (modes >> 4) & 3);
    at = this.matches.read(source, at, (modes >> 2) & 3);
    this.decode(source, at);
  }

  /** Walks the stream of bits backwards, which must end exactly (RFC 8878, 3.1.1.3.2.1.2). */
  private decode(source: PaddedBytes, start: number): void {
    const { view } = source;
    const { count, literalLengths, matchLengths, offsets } = this;
    const lengths = this.lengths.current;
    const distances = this.distances.current;
    const matches = this.matches.current;
    const floor = start * 8;
    let bit = endMark(source, start, source.end) - lengths.accuracy;
    let length = bit < 0 ? 0 : bitsAt(view, bit, lengths.accuracy);
    bit -= distances.accuracy;
    let distance = bit < 0 ? 0 : bitsAt(view, bit, distances.accuracy);
    bit -= matches.accuracy;
    let match = bit < 0 ? 0 : bitsAt(view, bit, matches.accuracy);
    let literals = 0;
    let matched = 0;
    for (let index = 0; bit >= floor; ) {
      const l = lengths.entries[length] ?? 0;
      const d = distances.entries[distance] ?? 0;
      const m = matches.entries[match] ?? 0;
      bit -= d >> 16;
      offsets[index] = (OFFSETS.least[d >> 16] ?? 0) + wideBitsAt(view, bit, d >> 16);
      const matchWidth = MATCH_LENGTHS.bits[m >> 16] ?? 0;
      bit -= matchWidth;
      const matchLength = (MATCH_LENGTHS.least[m >> 16] ?? 0) + bitsAt(view, bit, matchWidth);
      const literalWidth = LITERAL_LENGTHS.bits[l >> 16] ?? 0;
      bit -= literalWidth;
      const literalLength = (LITERAL_LENGTHS.least[l >> 16] ?? 0) + bitsAt(view, bit, literalWidth);
      matchLengths[index] = matchLength;
      literalLengths[index] = literalLength;
      matched += matchLength;
      literals += literalLength;
      index += 1;
      if (index === count) break;
      bit -= (l >> 12) & 15;
      length = (l & 0xfff) + bitsAt(view, bit, (l >> 12) & 15);
      bit -= (m >> 12) & 15;
      match = (m & 0xfff) + bitsAt(view, bit, (m >> 12) & 15);
      bit -= (d >> 12) & 15;
      distance = (d & 0xfff) + bitsAt(view, bit, (d >> 12) & 15);
    }
    if (bit !== floor) throw damage();
    this.literals = literals;
    this.matched = matched;
  }

  /** The offset of the sequence at an index (RFC 8878, 3.1.1.5), which becomes the latest one. 0 is damage. */
  takeOffset(index: number): number {
    const { recent } = this;
    const value = this.offsets[index] ?? 0;
    const [first, second, third] = [recent[0] ?? 0, recent[1] ?? 0, recent[2] ?? 0];
    const which = value > 3 ? 3 : value - (this.literalLengths[index] === 0 ? 0 : 1);
    if (which === 0) return first;
    const offset = value > 3 ? value - 3 : which === 1 ? second : which === 2 ? third : first - 1;
    if (which > 1) recent[2] = second;
    recent[1] = first;
    recent[0] = offset;
    return offset;
  }
}

function damage(): PackingDamage {
  return new PackingDamage('the sequences of a block are damaged');
}
