import { PackingDamage } from '../packing-damage';
import { bitsAt, type PaddedBytes } from './padded-bytes';

/** The largest of RFC 8878: 9 bits for the codes of lengths. */
const MOST_ACCURACY = 9;
const MOST_CODES = 53;
/** A frequency that stands for less than 1. */
export const LESS_THAN_ONE = -1;

/**
 * A table of finite state entropy (RFC 8878, 4.1): an entry a state, with its code in bits 16 and above, how many bits the next
 * state takes in bits 12 to 15, and the number that is added to them below.
 */
export class StateTable {
  accuracy = 0;
  readonly entries = new Int32Array(1 << MOST_ACCURACY);

  /** One code for every state, which takes no bits. */
  fillWithOne(code: number): void {
    this.accuracy = 0;
    this.entries[0] = code << 16;
  }

  /** RFC 8878, 4.1.1, "From normalized distribution to decoding tables". The frequencies come to `2 ** accuracy`. */
  fill(frequencies: ArrayLike<number>, accuracy: number): void {
    const { entries } = this;
    const size = 1 << accuracy;
    this.accuracy = accuracy;
    spread(entries, frequencies, size);
    const seen = new Uint16Array(MOST_CODES);
    for (let code = 0; code < frequencies.length; code += 1) seen[code] = Math.abs(frequencies[code] ?? 0);
    for (let state = 0; state < size; state += 1) {
      const code = entries[state] ?? 0;
      const next = seen[code] ?? 1;
      seen[code] = next + 1;
      const width = accuracy - (31 - Math.clz32(next));
      entries[state] = (code << 16) | (width << 12) | ((next << width) - size);
    }
  }
}

/** Puts the code of each state into its entry: rare ones at the end, the others in steps. */
function spread(entries: Int32Array, frequencies: ArrayLike<number>, size: number): void {
  let high = size;
  for (let code = 0; code < frequencies.length; code += 1) {
    if (frequencies[code] === LESS_THAN_ONE) entries[--high] = code;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (let code = 0; code < frequencies.length; code += 1) {
    for (let left = frequencies[code] ?? 0; left > 0; left -= 1) {
      entries[at] = code;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
}

/**
 * Reads the frequencies of up to `codes` codes (RFC 8878, 4.1.1) into a table, and returns the index behind them.
 *
 * @throws PackingDamage
 */
export function readStateTable(
  { view, end }: PaddedBytes,
  start: number,
  table: StateTable,
  { codes, mostAccuracy }: { readonly codes: number; readonly mostAccuracy: number },
): number {
  const frequencies = new Int16Array(MOST_CODES);
  const accuracy = bitsAt(view, start * 8, 4) + 5;
  if (accuracy > mostAccuracy) throw damage();
  const cursor = { view, at: start * 8 + 4 };
  let count = 0;
  for (let left = 1 << accuracy; left > 0; ) {
    const frequency = readFrequency(cursor, left);
    if (count >= codes || Math.abs(frequency) > left) throw damage();
    frequencies[count++] = frequency;
    left -= Math.abs(frequency);
    if (frequency === 0) count += readZeros(cursor, codes - count);
  }
  const behind = (cursor.at + 7) >> 3;
  if (count > codes || behind > end) throw damage();
  table.fill(frequencies.subarray(0, count), accuracy);
  return behind;
}

interface Cursor {
  readonly view: DataView;
  /** Index of the next bit. */
  at: number;
}

/** A value of at most `left` + 1, in one bit less where it is one of those that fit, less 1. */
function readFrequency(cursor: Cursor, left: number): number {
  const width = 32 - Math.clz32(left + 1);
  const threshold = (1 << width) - 2 - left;
  const value = bitsAt(cursor.view, cursor.at, width);
  const short = value & ((1 << (width - 1)) - 1);
  cursor.at += short < threshold ? width - 1 : width;
  if (short < threshold) return short - 1;
  return value === short ? value - 1 : value - threshold - 1;
}

/** How many codes more are never used: three and more again while there are three; ends above `most`. */
function readZeros(cursor: Cursor, most: number): number {
  let count = 0;
  for (let zeros = 3; zeros === 3 && count <= most; cursor.at += 2) {
    zeros = bitsAt(cursor.view, cursor.at, 2);
    count += zeros;
  }
  return count;
}

function damage(): PackingDamage {
  return new PackingDamage('a table of a block is damaged');
}
