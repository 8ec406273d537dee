import { decodeText, offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { type RangeSource, readVirtualRange } from '../internal/virtual-range';

/** The 256 pieces that the names of kallsyms are put together from. */
export interface TokenTable {
  /** Where the table lies, virtual. */
  readonly address: VirtualAddress;
  /** Where the next table may begin: behind the index of the tokens. */
  readonly end: VirtualAddress;
  /** All tokens, each with its NUL. */
  readonly bytes: Uint8Array;
  /** Where each token begins in `bytes`: `kallsyms_token_index`. */
  readonly starts: Uint16Array;
  /** How many bytes it has. */
  readonly lengths: Uint16Array;
  /** The text of each token. */
  texts(): readonly string[];
}

const TOKENS = 256;
const INDEX_BYTES = TOKENS * 2;
/** The index is of 16 bits. */
const MOST_TABLE_BYTES = 65536;
const WINDOW = 2 * 1024 * 1024;
const PIECE = 256 * 1024;
/** How many numbers apart an index is looked for: it has 256, and so 128 of them from a multiple of 128 on. */
const SAMPLE = 128;
/** A token and its NUL. */
const LONGEST_STEP = 64;
/** Few other places in an image look like an index; in a made-up one all of them could. */
const MOST_TRIES = 1024;
/** Digits stand for themselves. */
const ZERO = 0x30;

/** Reads a table of tokens whose address and whose index's address are known. */
export function readTokenTable(
  source: RangeSource,
  address: VirtualAddress,
  index: VirtualAddress,
): TokenTable | undefined {
  const range = readVirtualRange(source, index, INDEX_BYTES);
  const text = readVirtualRange(source, address, tableBytes(source, address));
  if (range.holes.length > 0) return undefined;
  const starts = Uint16Array.from({ length: TOKENS }, (_, token) => range.view.getUint16(token * 2, true));
  return createTable(text.bytes, starts, address, index);
}

/** As much as a table can have, in whole pages; the first of them are there. */
function tableBytes(source: RangeSource, address: VirtualAddress): number {
  let length = 4096 - Number(address & 0xfffn);
  while (length < MOST_TABLE_BYTES && source.isMapped(offsetAddress(address, length))) length += 4096;
  return Math.min(length, MOST_TABLE_BYTES);
}

function createTable(
  text: Uint8Array,
  starts: Uint16Array,
  address: VirtualAddress,
  index: VirtualAddress,
): TokenTable | undefined {
  const lengths = new Uint16Array(TOKENS);
  for (let token = 0; token < TOKENS; token += 1) {
    const start = starts[token] as number;
    const end = text.indexOf(0, start);
    const next = starts[token + 1];
    if (end < 0 || (next !== undefined && next !== end + 1)) return undefined;
    lengths[token] = end - start;
  }
  if (starts[0] !== 0) return undefined;
  const size = (starts[TOKENS - 1] as number) + (lengths[TOKENS - 1] as number) + 1;
  const bytes = text.slice(0, size);
  let texts: readonly string[] | undefined;
  return {
    ...{ address, end: offsetAddress(index, INDEX_BYTES), bytes, starts, lengths },
    texts: () => {
      texts ??= textsIn(bytes, starts, lengths);
      return texts;
    },
  };
}

/**
 * Every table of tokens in a stretch of virtual memory, recognised by the index behind it: 256 numbers that
 * begin with 0 and ascend in small steps. Memory that is not executable comes first: the table is read-only
 * data, behind megabytes of code.
 */
export function* findTokenTable(
  source: RangeSource,
  start: VirtualAddress,
  length: number,
): Generator<TokenTable> {
  let left = MOST_TRIES;
  for (const inIndex of eachAscent(source, start, length)) {
    const table = tableBefore(source, inIndex);
    if (table !== undefined) yield table;
    left -= 1;
    if (left === 0) return;
  }
}

function* eachAscent(source: RangeSource, start: VirtualAddress, length: number): Generator<VirtualAddress> {
  const code: VirtualAddress[] = [];
  const buffer = new Uint8Array(PIECE);
  for (let done = 0; done < length; done += WINDOW) {
    const window = offsetAddress(start, done);
    const kind = source.kindOf(window, WINDOW);
    if (kind === 'data') yield* ascentsInWindow(source, window, buffer);
    else if (kind === 'code') code.push(window);
  }
  for (const window of code) yield* ascentsInWindow(source, window, buffer);
}

function* ascentsInWindow(
  source: RangeSource,
  window: VirtualAddress,
  buffer: Uint8Array,
): Generator<VirtualAddress> {
  const numbers = new Uint16Array(buffer.buffer);
  for (let done = 0; done < WINDOW; done += PIECE) {
    const { address } = source.readInto(offsetAddress(window, done), buffer);
    for (let place = nextAscent(numbers, 0); place >= 0; place = nextAscent(numbers, place + SAMPLE)) {
      yield offsetAddress(address, place * 2);
    }
  }
}

/** The next place, of those that are looked at, that may be in an index; -1 if there is no such place. */
function nextAscent(numbers: Uint16Array, from: number): number {
  for (let place = from; place < numbers.length; place += SAMPLE) {
    const step = (numbers[place + 1] as number) - (numbers[place] as number);
    if (step >= 1 && step <= LONGEST_STEP && ascends(numbers, place)) return place;
  }
  return -1;
}

function ascends(numbers: Uint16Array, from: number): boolean {
  for (let place = from; place < from + 16; place += 1) {
    const step = (numbers[place + 1] as number) - (numbers[place] as number);
    if (!(step >= 1 && step <= LONGEST_STEP)) return false;
  }
  return true;
}

/** The table whose index has an address inside. */
function tableBefore(source: RangeSource, inIndex: VirtualAddress): TokenTable | undefined {
  const address = inIndex - BigInt(MOST_TABLE_BYTES + INDEX_BYTES);
  const { bytes, view } = readVirtualRange(source, address, MOST_TABLE_BYTES + INDEX_BYTES * 2);
  let indexAt = MOST_TABLE_BYTES + INDEX_BYTES;
  for (let back = 0; back < TOKENS && view.getUint16(indexAt, true) !== 0; back += 1) indexAt -= 2;
  if (indexAt + INDEX_BYTES > bytes.length) return undefined;
  const starts = Uint16Array.from({ length: TOKENS }, (_, token) =>
    view.getUint16(indexAt + token * 2, true),
  );
  // Up to 7 bytes between the last token and the index fill a word.
  for (let end = indexAt; end > indexAt - 8 && end > 1; end -= 1) {
    const first = bytes.lastIndexOf(0, end - 2) + 1 - (starts[TOKENS - 1] as number);
    if (bytes[end - 1] !== 0 || first < 0) continue;
    const text = bytes.subarray(first, end);
    const table = createTable(text, starts, offsetAddress(address, first), offsetAddress(address, indexAt));
    if (
      table
        ?.texts()
        .slice(ZERO, ZERO + 10)
        .join('') === '0123456789'
    )
      return table;
  }
  return undefined;
}

/** The next multiple of a power of 2. */
export function alignUp(address: VirtualAddress, size: number): VirtualAddress {
  return (address + BigInt(size - 1)) & ~BigInt(size - 1);
}

function textsIn(bytes: Uint8Array, starts: Uint16Array, lengths: Uint16Array): string[] {
  return Array.from(starts, (start, token) =>
    decodeText(bytes.subarray(start, start + (lengths[token] as number))),
  );
}
