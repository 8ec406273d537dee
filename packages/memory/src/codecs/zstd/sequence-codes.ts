import { LESS_THAN_ONE, StateTable } from './state-table';

/** The meaning of the codes of one kind, and the expected frequency of each if a block does not give it. */
export interface SequenceCodes {
  readonly codes: number;
  readonly mostAccuracy: number;
  readonly predefined: () => StateTable;
  /** Least value of each code, and how many bits are added to it. */
  readonly least: Uint32Array;
  readonly bits: Uint8Array;
}

// RFC 8878, 3.1.1.3.2.1.1 and 3.1.1.3.2.2.

/** How many literals come before a match. */
export const LITERAL_LENGTHS: SequenceCodes = {
  mostAccuracy: 9,
  predefined: once(
    [4, 3, ...repeat(2, 11), 1, 1, 1, ...repeat(2, 9), 3, 2, ...repeat(1, 5), ...repeat(LESS_THAN_ONE, 4)],
    6,
  ),
  ...valuesOf(0, [...repeat(0, 16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
};

/** How far back a match begins: `2 ** code` and as many bits. */
export const OFFSETS: SequenceCodes = {
  mostAccuracy: 8,
  predefined: once([...repeat(1, 6), 2, 2, 2, ...repeat(1, 15), ...repeat(LESS_THAN_ONE, 5)], 5),
  ...valuesOf(
    1,
    Array.from({ length: 32 }, (_, code) => code),
  ),
};

/** How long a match is. */
export const MATCH_LENGTHS: SequenceCodes = {
  mostAccuracy: 9,
  predefined: once([1, 4, 3, ...repeat(2, 6), ...repeat(1, 37), ...repeat(LESS_THAN_ONE, 7)], 6),
  ...valuesOf(3, [
    ...repeat(0, 32),
    ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  ]),
};

/** Made where it is first needed: most dumps have no block that is packed so. */
function once(frequencies: readonly number[], accuracy: number): () => StateTable {
  let made: StateTable | undefined;
  return () => {
    if (made === undefined) {
      made = new StateTable();
      made.fill(frequencies, accuracy);
    }
    return made;
  };
}

function repeat(value: number, count: number): number[] {
  return new Array<number>(count).fill(value);
}

/** Each code goes on where the one before ends. */
function valuesOf(first: number, bits: readonly number[]): Pick<SequenceCodes, 'codes' | 'least' | 'bits'> {
  const least = new Uint32Array(bits.length);
  let at = first;
  for (const [code, width] of bits.entries()) {
    least[code] = at;
    at += 2 ** width;
  }
  return { codes: bits.length, least, bits: Uint8Array.from(bits) };
}
