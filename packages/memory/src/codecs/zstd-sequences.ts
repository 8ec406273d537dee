/** What the sequences of a block come to. */
export interface SequenceTotals {
  /** Bytes that they copy from earlier output. */
  readonly matched: number;
  /** Bytes that they take from the literals. */
  readonly literals: number;
}

/** The tables of the block before, which the next one of the frame may use again. */
export interface KeptTables {
  tables?: readonly StateTable[];
}

/** What the codes of a kind stand for, and how often each is expected where a block does not say. */
interface CodeKind {
  readonly mostAccuracy: number;
  readonly predefined: () => StateTable;
  /** Least value of each code, and how many bits are added to it. */
  readonly least: Uint32Array;
  readonly bits: Uint8Array;
}

/** A table of finite state entropy: for each state its code, and how the next state is told. */
interface StateTable {
  readonly accuracy: number;
  readonly codes: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

// RFC 8878, 3.1.1.3.2.1.1 and 3.1.1.3.2.2; a frequency of -1 stands for less than 1.
const LESS = -1;

const LITERALS: CodeKind = {
  mostAccuracy: 9,
  predefined: once(() =>
    buildTable(
      [4, 3, ...repeat(2, 11), 1, 1, 1, ...repeat(2, 9), 3, 2, ...repeat(1, 5), ...repeat(LESS, 4)],
      6,
    ),
  ),
  ...valuesOf(0, [...repeat(0, 16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
};
const OFFSETS: CodeKind = {
  mostAccuracy: 8,
  predefined: once(() => buildTable([...repeat(1, 6), 2, 2, 2, ...repeat(1, 15), ...repeat(LESS, 5)], 5)),
  // What an offset is does not matter here, only how many bits it takes.
  ...valuesOf(
    0,
    Array.from({ length: 32 }, (_, code) => code),
  ),
};
const MATCHES: CodeKind = {
  mostAccuracy: 9,
  predefined: once(() => buildTable([1, 4, 3, ...repeat(2, 6), ...repeat(1, 37), ...repeat(LESS, 7)], 6)),
  ...valuesOf(3, [
    ...repeat(0, 32),
    ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  ]),
};

/** Made where it is first needed: most dumps have no block that is packed so. */
function once(make: () => StateTable): () => StateTable {
  let made: StateTable | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function repeat(value: number, count: number): number[] {
  return new Array<number>(count).fill(value);
}

/** Each code goes on where the one before ends. */
function valuesOf(first: number, bits: readonly number[]): Pick<CodeKind, 'least' | 'bits'> {
  const least = new Uint32Array(bits.length);
  let at = first;
  for (const [code, width] of bits.entries()) {
    least[code] = at;
    at += 2 ** width;
  }
  return { least, bits: Uint8Array.from(bits) };
}

/**
 * Walks the sequences of a block (RFC 8878, 3.1.1.3.2) without copying anything; `undefined` where they cannot be, or
 * come to more than `most` bytes. `bytes` begins behind their number.
 */
export function walkSequences(
  bytes: Uint8Array,
  count: number,
  most: number,
  kept: KeptTables = {},
): SequenceTotals | undefined {
  const modes = bytes[0] ?? 0xff;
  const head = new BitReader(bytes, 8);
  const tables: StateTable[] = [];
  for (const [index, kind] of [LITERALS, OFFSETS, MATCHES].entries()) {
    const mode = (modes >> (6 - 2 * index)) & 3;
    const table = mode === REPEAT ? kept.tables?.[index] : readTable(head, mode, kind);
    if (table === undefined) return undefined;
    tables.push(table);
  }
  const [literals, offsets, matches] = tables;
  if (literals === undefined || offsets === undefined || matches === undefined) return undefined;
  kept.tables = tables;
  const stream = new BackwardBits(bytes.subarray(head.at >> 3));
  return sumSequences(stream, { literals, offsets, matches }, count, most);
}

function sumSequences(
  stream: BackwardBits,
  tables: Readonly<Record<'literals' | 'offsets' | 'matches', StateTable>>,
  count: number,
  most: number,
): SequenceTotals | undefined {
  const { literals, offsets, matches } = tables;
  let [l, o, m] = [literals, offsets, matches].map((table) => stream.read(table.accuracy)) as [
    number,
    number,
    number,
  ];
  const totals = { matched: 0, literals: 0 };
  for (let left = count; left > 0; left -= 1) {
    stream.read(offsets.codes[o] ?? 0);
    totals.matched += readValue(stream, MATCHES, matches.codes[m] ?? 0);
    totals.literals += readValue(stream, LITERALS, literals.codes[l] ?? 0);
    if (totals.matched + totals.literals > most || stream.left < 0) return undefined;
    if (left === 1) break;
    l = nextState(stream, literals, l);
    m = nextState(stream, matches, m);
    o = nextState(stream, offsets, o);
  }
  return stream.left === 0 ? totals : undefined;
}

function readValue(stream: BackwardBits, kind: CodeKind, code: number): number {
  return (kind.least[code] ?? 0) + stream.read(kind.bits[code] ?? 0);
}

function nextState(stream: BackwardBits, table: StateTable, state: number): number {
  return (table.bases[state] ?? 0) + stream.read(table.bits[state] ?? 0);
}

const PREDEFINED = 0;
const RLE = 1;
const COMPRESSED = 2;
const REPEAT = 3;

/** The table of a mode that does not repeat the one before. */
function readTable(head: BitReader, mode: number, kind: CodeKind): StateTable | undefined {
  if (mode === PREDEFINED) return kind.predefined();
  if (mode === RLE) {
    const code = head.read(8);
    return code < kind.bits.length ? buildTable([...repeat(0, code), 1], 0) : undefined;
  }
  return mode === COMPRESSED ? readFrequencies(head, kind) : undefined;
}

/** RFC 8878, 4.1.1. */
function readFrequencies(head: BitReader, kind: CodeKind): StateTable | undefined {
  const accuracy = head.read(4) + 5;
  if (accuracy > kind.mostAccuracy) return undefined;
  const frequencies: number[] = [];
  for (let left = 2 ** accuracy; left > 0; ) {
    const frequency = head.readUpTo(left + 1) - 1;
    frequencies.push(frequency);
    left -= Math.abs(frequency);
    for (let zeros = frequency === 0 ? 3 : 0; zeros === 3; ) {
      zeros = head.read(2);
      frequencies.push(...repeat(0, zeros));
      if (frequencies.length > kind.bits.length) return undefined;
    }
    if (frequencies.length > kind.bits.length || left < 0) return undefined;
  }
  head.align();
  return buildTable(frequencies, accuracy);
}

/** RFC 8878, 4.1.1, "From normalized distribution to decoding tables". */
function buildTable(frequencies: readonly number[], accuracy: number): StateTable {
  const size = 2 ** accuracy;
  const codes = new Uint8Array(size);
  let high = size;
  for (const [code, frequency] of frequencies.entries()) {
    if (frequency === LESS) codes[--high] = code;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (const [code, frequency] of frequencies.entries()) {
    for (let index = 0; index < frequency; index += 1) {
      codes[at] = code;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  const seen = frequencies.map((frequency) => Math.abs(frequency));
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state += 1) {
    const code = codes[state] ?? 0;
    const next = seen[code] ?? 1;
    seen[code] = next + 1;
    const width = accuracy - (31 - Math.clz32(next));
    bits[state] = width;
    bases[state] = next * 2 ** width - size;
  }
  return { accuracy, codes, bits, bases };
}

/** Bits from the lowest of the first byte on. */
class BitReader {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  read(count: number): number {
    const value = bitsAt(this.bytes, this.at, count);
    this.at += count;
    return value;
  }

  /** A value of at most `most`, in one bit less where it is one of those that fit. */
  readUpTo(most: number): number {
    const count = 32 - Math.clz32(most);
    const value = this.read(count);
    const short = value % 2 ** (count - 1);
    const threshold = 2 ** count - 1 - most;
    if (short < threshold) {
      this.at -= 1;
      return short;
    }
    return value === short ? value : value - threshold;
  }

  align(): void {
    this.at = Math.ceil(this.at / 8) * 8;
  }
}

/** Bits from the end on; the highest bit that is set in the last byte only marks the end. */
class BackwardBits {
  /** Bits that are not read yet; below 0 where more were read than there are. */
  left: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const last = bytes[bytes.length - 1] ?? 0;
    this.left = last === 0 ? -1 : bytes.length * 8 - 8 + (31 - Math.clz32(last));
  }

  read(count: number): number {
    this.left -= count;
    return this.left < 0 ? 0 : bitsAt(this.bytes, this.left, count);
  }
}

function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  const first = at >> 3;
  const low = (bytes[first] ?? 0) | ((bytes[first + 1] ?? 0) << 8) | ((bytes[first + 2] ?? 0) << 16);
  const word = low | ((bytes[first + 3] ?? 0) << 24);
  if (count <= 25) return (word >>> (at & 7)) & ((1 << count) - 1);
  return Math.floor(((word >>> 0) + (bytes[first + 4] ?? 0) * 2 ** 32) / 2 ** (at & 7)) % 2 ** count;
}
