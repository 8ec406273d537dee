import { OsiError, offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { holeIn, type RangeSource, readVirtualRange, type VirtualRange } from '../internal/virtual-range';
import type { Vmcoreinfo } from '../locate/vmcoreinfo';
import { alignUp, findTokenTable, readTokenTable, type TokenTable } from './token-table';

/** Where the tables of kallsyms lie in a kernel's image. All addresses are virtual. */
export interface KallsymsLayout {
  /** How many symbols there are. */
  readonly count: number;
  /** The compressed names: `kallsyms_names`. */
  readonly names: VirtualRange;
  /** Where each 256th name begins in `names`: `kallsyms_markers`. */
  readonly markers: Uint32Array;
  /** The pieces that names are put together from. */
  readonly tokens: TokenTable;
  /** Where the addresses may lie, the likeliest first. */
  readonly addressTables: readonly AddressTable[];
  /** How it was found. */
  readonly evidence: string;
}

/** An array of addresses, one for each symbol, in one of the forms that kernels have had. */
export type AddressTable =
  | { readonly form: 'absolute'; readonly at: VirtualAddress; readonly wordSize: 4 | 8 }
  | { readonly form: 'relative'; readonly at: VirtualAddress; readonly base: VirtualAddress }
  | { readonly form: 'place'; readonly at: VirtualAddress };

/** No kernel has nearly as many symbols; all of a distribution's debug kernel are some 300,000. */
const MOST_SYMBOLS = 4_000_000;
/** Names are 10 to 12 bytes on average. */
const MOST_NAME_BYTES = 64 * 1024 * 1024;
const BLOCK = 256;
/** The markers, and behind them the 3 bytes of each symbol in `kallsyms_seqs_of_names` of v6.2 and v6.3. */
const MARKERS_REACH = [64 * 1024, 512 * 1024, 2 * 1024 * 1024] as const;
/** A block has 256 names of 1 to 512 bytes with their lengths of one or two. */
const SMALLEST_BLOCK = BLOCK * 2;
const LARGEST_BLOCK = BLOCK * 514;
const FEWEST_MARKERS = 4;
/** A kernel has one table of tokens. */
const MOST_TABLES = 8;

/**
 * Finds the tables by the addresses that VMCOREINFO has of them.
 *
 * Source: Linux commits 5fd8fea935a1 ("vmcoreinfo: include kallsyms symbols") and f09bddbd8661 ("vmcoreinfo: add
 * kallsyms_num_syms symbol") (in v6.0).
 */
export function layoutFromVmcoreinfo(source: RangeSource, note: Vmcoreinfo): KallsymsLayout | undefined {
  const at = (name: string) => note.address(`SYMBOL(kallsyms_${name})`);
  const [names, numSyms, table, index] = [at('names'), at('num_syms'), at('token_table'), at('token_index')];
  if (names === undefined || numSyms === undefined || table === undefined || index === undefined)
    return undefined;
  const tokens = readTokenTable(source, table, index);
  const count = readWord(source, numSyms, 4);
  if (tokens === undefined || count === undefined || table <= names) return undefined;
  const between = Number(table - names);
  if (between > MOST_NAME_BYTES || !isCount(Number(count))) return undefined;
  const all = readVirtualRange(source, names, between);
  const markers = findMarkers(all, Number(count), wordSize(source));
  if (markers === undefined) return undefined;
  const parts = { count: Number(count), names: all, markers: markers.offsets, tokens };
  const [offsets, base, addresses] = [at('offsets'), at('relative_base'), at('addresses')];
  const tables: AddressTable[] = [];
  const relative = base === undefined ? undefined : readWord(source, base, wordSize(source));
  if (addresses !== undefined) tables.push({ form: 'absolute', at: addresses, wordSize: wordSize(source) });
  if (offsets !== undefined && relative !== undefined)
    tables.push({ form: 'relative', at: offsets, base: relative });
  if (offsets !== undefined) tables.push({ form: 'place', at: offsets });
  if (offsets !== undefined) tables.push({ form: 'absolute', at: offsets, wordSize: 4 });
  return { ...parts, addressTables: tables, evidence: 'SYMBOL(kallsyms_names) of VMCOREINFO' };
}

/**
 * Finds the tables by their shape, from `start` on for `length` bytes: first the table of tokens, which holds the
 * digits in a row, then the parts before and behind it.
 *
 * @throws OsiError `KALLSYMS_NOT_FOUND`
 */
export function layoutByShape(source: RangeSource, start: VirtualAddress, length: number): KallsymsLayout {
  let seen = 'no table of tokens';
  let left = MOST_TABLES;
  for (const tokens of findTokenTable(source, start, length)) {
    seen = `a table of tokens at 0x${tokens.address.toString(16)}, but no names before it`;
    const found = layoutAround(source, tokens);
    if (found !== undefined) return found;
    left -= 1;
    if (left === 0) break;
  }
  throw new OsiError('KALLSYMS_NOT_FOUND', `the kernel's symbol table was not found: its image has ${seen}`, {
    hint: 'the dump may lack a part of the kernel: give a profile, a vmlinux or a System.map of this kernel',
    fields: { start, length },
  });
}

function layoutAround(source: RangeSource, tokens: TokenTable): KallsymsLayout | undefined {
  const size = wordSize(source);
  const markers = findMarkersBefore(source, tokens.address);
  if (markers === undefined) return undefined;
  const last = markers.offsets[markers.offsets.length - 1] as number;
  const reach = Math.min(last + LARGEST_BLOCK, MOST_NAME_BYTES);
  const end = markers.address;
  const area = readBefore(source, end, reach + 16);
  const found = findNames(area, markers.offsets, size);
  if (found === undefined) return undefined;
  const { start, count } = found;
  const names = cut(area, start);
  const addressTables = guessAddressTables(source, names.address, count, tokens.end);
  const evidence = `the shape of its tables at 0x${names.address.toString(16)}`;
  return { count, names, markers: markers.offsets, tokens, addressTables, evidence };
}

/** Looked for in the nearest bytes first: each read touches memory that was never touched before. */
function findMarkersBefore(
  source: RangeSource,
  end: VirtualAddress,
): { address: VirtualAddress; offsets: Uint32Array } | undefined {
  for (const reach of MARKERS_REACH) {
    const before = readBefore(source, end, reach);
    const markers = findMarkers(before, undefined, wordSize(source));
    if (markers !== undefined)
      return { address: offsetAddress(before.address, markers.start), offsets: markers.offsets };
  }
  return undefined;
}

/**
 * Where the addresses lie.
 *
 * They come behind the tokens since Linux commit 404bad70fcf7 ("scripts/kallsyms: change the output order") (in v6.4),
 * and before the number of symbols until then. Their forms, the newest first:
 * relative to where each stands, Linux commit a081b5789255 ("kallsyms: Get rid of kallsyms relative base") (in v7.0);
 * relative to a base, Linux commit 2213e9a66bb8 ("kallsyms: add support for relative offsets in kallsyms address
 * table") (in v4.6); absolute, gone with Linux commit 64e166099b69 ("kallsyms: get rid of code for absolute kallsyms")
 * (in v6.11), and the only form before v4.6.
 */
function guessAddressTables(
  source: RangeSource,
  names: VirtualAddress,
  count: number,
  behind: VirtualAddress,
): AddressTable[] {
  const size = wordSize(source);
  const numSyms = names - BigInt(size);
  const offsetBytes = BigInt(Math.ceil((count * 4) / size) * size);
  const tables: AddressTable[] = [];
  const relative = (at: VirtualAddress, baseAt: VirtualAddress) => {
    const base = readWord(source, baseAt, size);
    if (base !== undefined) tables.push({ form: 'relative', at, base });
  };
  const aligned = alignUp(behind, size);
  relative(aligned, aligned + offsetBytes);
  tables.push({ form: 'place', at: behind });
  const baseBefore = numSyms - BigInt(size);
  relative(baseBefore - offsetBytes, baseBefore);
  tables.push({ form: 'absolute', at: aligned, wordSize: size });
  tables.push({ form: 'absolute', at: numSyms - BigInt(count * size), wordSize: size });
  return tables;
}

interface FoundMarkers {
  /** Where they stand in the range, and the marker that they hold. */
  readonly start: number;
  readonly offsets: Uint32Array;
}

/**
 * The last run of numbers in a range that begins with 0 and goes on in steps that blocks of 256 names can have.
 *
 * They have 4 bytes each; until v4.20 as many as a word has.
 */
function findMarkers(range: VirtualRange, count: number | undefined, size: 4 | 8): FoundMarkers | undefined {
  const wanted = count === undefined ? undefined : Math.ceil(count / BLOCK);
  // Signed: a number that does not fit into 31 bits is not a marker, and slows the engine down.
  const words = new Int32Array(range.bytes.buffer, 0, range.bytes.length >> 2);
  for (const stride of size === 8 ? [1, 2] : [1]) {
    for (let at = words.length - stride; at >= 0; at -= 1) {
      if (words[at] !== 0 || !isStep(words[at + stride] ?? 0)) continue;
      const offsets = markersAt(words, at, stride, wanted);
      if (offsets !== undefined && holeIn(range, at * 4, (at + offsets.length * stride) * 4) === undefined)
        return { start: at * 4, offsets };
    }
  }
  return undefined;
}

function isStep(step: number): boolean {
  return step >= SMALLEST_BLOCK && step <= LARGEST_BLOCK;
}

function markersAt(
  words: Int32Array,
  start: number,
  stride: number,
  wanted: number | undefined,
): Uint32Array | undefined {
  let length = 1;
  let last = 0;
  for (let at = start + stride; at < words.length && length !== wanted; at += stride) {
    const next = words[at] as number;
    if (!isStep(next - last) || (stride === 2 && words[at + 1] !== 0)) break;
    last = next;
    length += 1;
  }
  if (wanted === undefined ? length < FEWEST_MARKERS : length !== wanted) return undefined;
  return Uint32Array.from({ length }, (_, index) => words[start + index * stride] as number);
}

/**
 * Where the names begin in a range that ends where the markers start: behind their number.
 *
 * The number has 4 bytes in a word of its own, before v4.20 a whole word; since v7.0 there is no space behind it.
 */
function findNames(
  area: VirtualRange,
  markers: Uint32Array,
  size: 4 | 8,
): { start: number; count: number } | undefined {
  const last = markers[markers.length - 1] as number;
  const latest = area.bytes.length - last - 2;
  const aligned = latest - Number((area.address + BigInt(latest)) % 4n);
  for (let start = aligned; start >= size && start >= latest - LARGEST_BLOCK; start -= 4) {
    for (const before of size === 8 ? [4, 8] : [4]) {
      const count = area.view.getUint32(start - before, true);
      if (namesFit(area.bytes, start, count, markers)) return { start, count };
    }
  }
  return undefined;
}

/** Whether so many names, in blocks as the markers say, fill a range from `start` to its end. */
function namesFit(bytes: Uint8Array, start: number, count: number, markers: Uint32Array): boolean {
  if (!isCount(count) || Math.ceil(count / BLOCK) !== markers.length) return false;
  const last = markers[markers.length - 1] as number;
  const end = skipNames(bytes, start + last, count - (markers.length - 1) * BLOCK);
  return end <= bytes.length && bytes.length - end < 8 && firstBlockFits(bytes, start, markers);
}

function firstBlockFits(bytes: Uint8Array, start: number, markers: Uint32Array): boolean {
  return skipNames(bytes, start, BLOCK) === start + (markers[1] as number);
}

/** Where the name after `count` names begins; beyond the end if the bytes are not names. */
function skipNames(bytes: Uint8Array, start: number, count: number): number {
  let at = start;
  for (let left = count; left > 0; left -= 1) {
    const length = bytes[at];
    if (length === undefined || length === 0) return Number.POSITIVE_INFINITY;
    at += length < 0x80 ? length + 1 : ((length & 0x7f) | ((bytes[at + 1] ?? 0) << 7)) + 2;
  }
  return at;
}

function isCount(count: number): boolean {
  return count > 0 && count <= MOST_SYMBOLS;
}

function readBefore(source: RangeSource, end: VirtualAddress, length: number): VirtualRange {
  const start = (end - BigInt(length)) & ~0xfffn;
  return readVirtualRange(source, start, Number(end - start));
}

/** The part of a range from `start` on, without a copy. */
function cut(range: VirtualRange, start: number): VirtualRange {
  const bytes = range.bytes.subarray(start);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const holes = range.holes
    .filter(({ end }) => end > start)
    .map((hole) => ({ ...hole, start: Math.max(0, hole.start - start), end: hole.end - start }));
  return { address: offsetAddress(range.address, start), bytes, view, holes };
}

function wordSize({ architecture }: RangeSource): 4 | 8 {
  return architecture.wordSize;
}

function readWord(source: RangeSource, at: VirtualAddress, size: 4 | 8): bigint | undefined {
  const { view, holes } = readVirtualRange(source, at, size);
  if (holes.length > 0) return undefined;
  return size === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
}
