import { PAGE_SIZE, type PhysicalAddress, type PhysicalMemory } from '@osi-linux/core';

/** Bytes that are looked for in memory. */
export interface Needle {
  /** The bytes; at least 4, and at least 7 where `alignment` is 1. */
  readonly bytes: Uint8Array;
  /** The alignment of the address of the first byte, less `offset`; 4096 is by far the fastest. */
  readonly alignment: 1 | 4 | 4096;
  /** Where the first byte stands in its aligned stretch, a multiple of 4; 0 unless given. */
  readonly offset?: number;
}

/** A place where the bytes of a needle are. */
export interface Occurrence {
  /** Which of the needles. */
  readonly needle: number;
  /** Physical address of its first byte. */
  readonly at: PhysicalAddress;
}

/**
 * The bytes that one pass reads at a time: small enough to stay in the cache of the processor that searches
 * it.
 */
const CHUNK = 64 * 1024;

/**
 * Every place in guest-physical memory where one of several needles stands, in one pass: chunk by chunk ascending, in a
 * chunk needle by needle.
 *
 * Memory is read past any cache. A needle that a hole of memory cuts is not found.
 *
 * @throws RangeError where a needle is shorter than its alignment allows.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const bytes = new TextEncoder().encode('Linux version ');
 * const [first] = eachOccurrence(dump.memory, [{ bytes, alignment: 1 }]);
 * first?.needle // => 0
 * ```
 */
export function* eachOccurrence(memory: PhysicalMemory, needles: readonly Needle[]): Generator<Occurrence> {
  const searches = needles.flatMap((needle, index) => searchesFor(needle, index));
  const overlap = Math.max(0, ...needles.map(overlapFor));
  const chunk = new Uint8Array(CHUNK + overlap);
  const words = new Uint32Array(chunk.buffer);
  for (const { start, end } of memory.occupied ?? memory.ranges) {
    for (let at = start; at < end; ) {
      const count = fill(memory, at, chunk.subarray(0, Math.min(chunk.length, end - at)));
      const stop = at + count >= end || count < chunk.length ? count : CHUNK;
      for (const search of searches) yield* occurrences(search, chunk, words, at, count, stop);
      at += stop === 0 ? PAGE_SIZE : stop;
    }
  }
}

/**
 * How much of the next chunk is read as well, so that a needle across the border is found: nothing if no
 * needle can be there.
 */
function overlapFor({ bytes, alignment, offset = 0 }: Needle): number {
  const across = alignment < PAGE_SIZE || offset + bytes.length > PAGE_SIZE;
  return across ? Math.ceil((offset + bytes.length) / PAGE_SIZE) * PAGE_SIZE : 0;
}

function fill(memory: PhysicalMemory, at: PhysicalAddress, into: Uint8Array): number {
  let done = 0;
  while (done < into.length) {
    const count = memory.scan(at + done, into.subarray(done));
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** One aligned word of a needle to look for. */
interface WordSearch {
  readonly needle: number;
  readonly bytes: Uint8Array;
  /** Where the word stands in the needle. */
  readonly skip: number;
  readonly word: number;
  /** Words from one candidate to the next, and the first of them; 0 where every word is one. */
  readonly stride: number;
  readonly first: number;
}

/** A needle that may begin at any byte holds an aligned word at one of four places, by where it begins. */
function searchesFor({ bytes, alignment, offset = 0 }: Needle, needle: number): WordSearch[] {
  if (bytes.length < (alignment === 1 ? 7 : 4) || offset % 4 !== 0)
    throw new RangeError(`a needle of ${bytes.length} bytes at steps of ${alignment}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stride = alignment === 4096 ? PAGE_SIZE / 4 : 0;
  const skips = alignment === 1 ? [0, 1, 2, 3] : [0];
  return skips.map((skip) => {
    return { needle, bytes, skip, word: view.getUint32(skip, true), stride, first: offset / 4 };
  });
}

/** Those that begin before `stop`, and end before `count`. */
function* occurrences(
  search: WordSearch,
  chunk: Uint8Array,
  words: Uint32Array,
  at: PhysicalAddress,
  count: number,
  stop: number,
): Generator<Occurrence> {
  const { needle, bytes, skip } = search;
  const end = count >> 2;
  for (let index = nextWord(search, words, 0, end); index >= 0; ) {
    const begin = index * 4 - skip;
    const inside = begin >= 0 && begin < stop && begin + bytes.length <= count;
    if (inside && bytes.every((byte, place) => chunk[begin + place] === byte)) {
      yield { needle, at: at + begin };
    }
    index = nextWord(search, words, index + 1, end);
  }
}

/** The next word from an index on that is the one looked for, or -1. The loop over all words is the engine's own. */
function nextWord(
  { word, stride, first }: WordSearch,
  words: Uint32Array,
  from: number,
  end: number,
): number {
  if (stride === 0) {
    const index = words.indexOf(word, from);
    return index < end ? index : -1;
  }
  const ahead = from <= first ? first : first + Math.ceil((from - first) / stride) * stride;
  for (let index = ahead; index < end; index += stride) {
    if (words[index] === word) return index;
  }
  return -1;
}
