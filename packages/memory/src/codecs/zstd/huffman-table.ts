import { PackingDamage } from '../packing-damage';
import { bitsAt, endMark, type PaddedBytes } from './padded-bytes';
import { readStateTable, StateTable } from './state-table';

/** The longest code of a literal (RFC 8878, 4.2.1). */
const MOST_BITS = 11;
const MOST_WEIGHTS = 255;
// RFC 8878, 4.2.1.2: weights go from 0 to 11, and the last one follows from the others.
const WEIGHTS = { codes: MOST_BITS + 1, mostAccuracy: 6 };

/** How literals are coded (RFC 8878, 4.2): an entry for all bits that can follow, the literal times 16 and the bits it takes. */
export class HuffmanTable {
  /** Bits of the longest code; 0 where no table was read. */
  bits = 0;
  readonly entries = new Uint16Array(1 << MOST_BITS);
  private readonly weights = new Uint8Array(MOST_WEIGHTS + 1);
  /** How many literals have each weight. */
  private readonly counts = new Uint16Array(MOST_BITS + 1);
  private readonly states = new StateTable();

  /** Reads the table at an index of a block, and returns the index behind it. @throws PackingDamage */
  read(source: PaddedBytes, start: number): number {
    const head = source.bytes[start] ?? 0;
    this.bits = 0;
    const direct = head >= 128;
    const behind = start + 1 + (direct ? (head - 126) >> 1 : head);
    if (behind > source.end) throw damage();
    const count = direct
      ? this.readDirect(source, start + 1, head - 127)
      : this.readCoded(source, start + 1, behind);
    this.fill(count);
    return behind;
  }

  /** Four bits each. */
  private readDirect({ bytes }: PaddedBytes, start: number, count: number): number {
    for (let index = 0; index < count; index += 1) {
      const pair = bytes[start + (index >> 1)] ?? 0;
      this.weights[index] = (index & 1) === 0 ? pair >> 4 : pair & 15;
    }
    return count;
  }

  /** Two states in turn, until there are no bits for the next one (RFC 8878, 4.2.1.2). */
  private readCoded(source: PaddedBytes, start: number, behind: number): number {
    const { states, weights } = this;
    const stream = readStateTable(source, start, states, WEIGHTS);
    const mark = endMark(source, stream, behind);
    const first = mark - states.accuracy;
    let at = first - states.accuracy;
    if (mark < 0 || at < stream * 8) throw damage();
    let state = bitsAt(source.view, first, states.accuracy);
    let other = bitsAt(source.view, at, states.accuracy);
    for (let count = 0; count < MOST_WEIGHTS - 1; count += 1) {
      const entry = states.entries[state] ?? 0;
      weights[count] = entry >> 16;
      const width = (entry >> 12) & 15;
      at -= width;
      if (at < stream * 8) {
        weights[count + 1] = (states.entries[other] ?? 0) >> 16;
        return count + 2;
      }
      state = other;
      other = (entry & 0xfff) + bitsAt(source.view, at, width);
    }
    throw damage();
  }

  /** RFC 8878, 4.2.1.3: from weights to codes, the longest code first. */
  private fill(count: number): void {
    const { weights, counts } = this;
    counts.fill(0);
    for (let index = 0; index < count; index += 1) {
      const weight = weights[index] ?? 0;
      if (weight > MOST_BITS) throw damage();
      counts[weight] = (counts[weight] ?? 0) + 1;
    }
    let total = 0;
    for (let weight = 1; weight <= MOST_BITS; weight += 1) total += (counts[weight] ?? 0) << (weight - 1);
    const bits = 32 - Math.clz32(total);
    const left = (1 << bits) - total;
    if (total === 0 || bits > MOST_BITS || (left & (left - 1)) !== 0) throw damage();
    const last = 32 - Math.clz32(left);
    weights[count] = last;
    counts[last] = (counts[last] ?? 0) + 1;
    this.bits = bits;
    this.fillEntries(count + 1);
  }

  private fillEntries(literals: number): void {
    const { weights, counts, entries, bits } = this;
    // From here on, where the next code of each weight goes.
    for (let weight = 1, next = 0; weight <= bits; weight += 1) {
      const length = (counts[weight] ?? 0) << (weight - 1);
      counts[weight] = next;
      next += length;
    }
    for (let literal = 0; literal < literals; literal += 1) {
      const weight = weights[literal] ?? 0;
      if (weight === 0) continue;
      const entry = (literal << 4) | (bits + 1 - weight);
      const at = counts[weight] ?? 0;
      const end = at + (1 << (weight - 1));
      counts[weight] = end;
      for (let index = at; index < end; index += 1) entries[index] = entry;
    }
  }
}

function damage(): PackingDamage {
  return new PackingDamage('a table of a block is damaged');
}
