import { holeIn, type RangeHole } from '../internal/virtual-range';
import type { KallsymsLayout } from './kallsyms-layout';

const BLOCK = 256;
/** Linux include/linux/kallsyms.h: KSYM_NAME_LEN, 512 since v6.1. */
const LONGEST_NAME = 1024;
const FACTOR = 31;
const TOKENS = 256;

/** The facts that a walk gives about each name: which symbol it is, and where its tokens are. */
export type NameVisitor = (index: number, start: number, end: number) => boolean;

/** A run of symbols whose names cannot be read. */
export interface LostNames {
  readonly first: number;
  readonly end: number;
  /** The hole of memory that they are in; absent if the bytes are there, but are not names. */
  readonly hole?: RangeHole;
}

/** Names that are stored together: from where, and up to where at most. */
interface Block {
  readonly first: number;
  readonly end: number;
  readonly from: number;
  readonly limit: number;
}

/**
 * The names of kallsyms as they are stored: a length, then as many tokens. The first character that they give is the
 * letter of the symbol's type.
 *
 * The length has two bytes where its highest bit is set: Linux commit 73bbb94466fd ("kallsyms: support "big" kernel
 * symbols") (in v6.1). Before it a name of so many tokens could hardly be.
 */
export class CompressedNames {
  private readonly layout: KallsymsLayout;
  /** Of each token the hash of its characters, without the first one, and the factor to the power of its length. */
  private readonly hashes: Int32Array;
  private readonly firstHashes: Int32Array;
  private readonly powers: Int32Array;

  constructor(layout: KallsymsLayout) {
    this.layout = layout;
    const { bytes, starts, lengths } = layout.tokens;
    const token = (index: number, from: number) => {
      const start = starts[index] as number;
      return bytes.subarray(start + from, start + Math.max(from, lengths[index] as number));
    };
    this.hashes = Int32Array.from(starts, (_, index) => hashOf(token(index, 0)));
    this.firstHashes = Int32Array.from(starts, (_, index) => hashOf(token(index, 1)));
    this.powers = Int32Array.from(lengths, (length) => powerOf(length));
  }

  /** The blocks of 256 names that can be read, from one on. Those that cannot are reported to `lost`. */
  private *blocks(firstBlock: number, lost: LostNames[]): Generator<Block> {
    const { markers, count, names } = this.layout;
    for (let block = firstBlock; block < markers.length; block += 1) {
      const first = block * BLOCK;
      const end = Math.min(count, first + BLOCK);
      const from = markers[block] as number;
      const limit = Math.min(markers[block + 1] ?? names.bytes.length, names.bytes.length);
      const hole = holeIn(names, from, markers[block + 1] ?? from + 1);
      if (hole === undefined) yield { first, end, from, limit };
      else lost.push({ first, end, hole });
    }
  }

  /**
   * Visits the names from a block of 256 on, until the visitor returns `false`, and returns the unreadable
   * blocks. A block that does not end where the next one begins is left at the first name that is outside.
   */
  visit(visitor: NameVisitor, firstBlock = 0): LostNames[] {
    const lost: LostNames[] = [];
    for (const block of this.blocks(firstBlock, lost)) {
      const reached = this.visitBlock(visitor, block);
      if (reached < 0) return lost;
      if (reached < block.end) lost.push({ first: reached, end: block.end });
    }
    return lost;
  }

  /** The index that was reached, or -1 where the visitor has had enough. */
  private visitBlock(visitor: NameVisitor, { first, end, from, limit }: Block): number {
    const { bytes } = this.layout.names;
    let at = from;
    for (let index = first; index < end; index += 1) {
      let length = bytes[at] as number;
      at += 1;
      if (length >= 0x80) {
        length = (length & 0x7f) | ((bytes[at] as number) << 7);
        at += 1;
      }
      if (!(at + length <= limit) || length === 0) return index;
      if (!visitor(index, at, at + length)) return -1;
      at += length;
    }
    return end;
  }

  /**
   * The index of the first symbol of each name. Names are identified by a hash of 32 bits, which is put
   * together from those of their tokens, and are then compared.
   */
  find(names: readonly string[]): Map<string, number> {
    const wanted = new WantedNames(names, this.layout.tokens.texts());
    const found = new Map<string, number>();
    for (const block of this.blocks(0, [])) {
      if (wanted.left === 0) break;
      this.findInBlock(block, wanted, found);
    }
    return found;
  }

  /**
   * The walk of {@link visitBlock} once more, without a call for each name: it takes most of the time of a lookup. Of
   * most names only the first and the last token are looked at.
   */
  private findInBlock(
    { first, end, from, limit }: Block,
    wanted: WantedNames,
    found: Map<string, number>,
  ): void {
    const { bytes } = this.layout.names;
    const { hashes, firstHashes, powers } = this;
    const { ends } = wanted;
    let at = from;
    for (let index = first; index < end; index += 1) {
      let length = bytes[at] as number;
      at += 1;
      if (length >= 0x80) {
        length = (length & 0x7f) | ((bytes[at] as number) << 7);
        at += 1;
      }
      const start = at;
      at += length;
      if (!(at <= limit) || length === 0) return;
      const firstToken = bytes[start] as number;
      if (ends[(firstToken << 8) | (bytes[at - 1] as number)] === 0) continue;
      let hash = firstHashes[firstToken] as number;
      for (let place = start + 1; place < at; place += 1) {
        const token = bytes[place] as number;
        hash = (Math.imul(hash, powers[token] as number) + (hashes[token] as number)) | 0;
      }
      if (!wanted.has(hash)) continue;
      const name = this.text(start, at).slice(1);
      if (wanted.take(hash, name)) found.set(name, index);
    }
  }

  /** A name with the letter of its type. */
  text(start: number, end: number): string {
    const texts = this.layout.tokens.texts();
    const { bytes } = this.layout.names;
    let text = '';
    for (let at = start; at < end && text.length < LONGEST_NAME; at += 1) {
      text += texts[bytes[at] as number];
    }
    return text;
  }
}

/** Names that are looked for, by their hash, and by the tokens that they can begin and end with. */
class WantedNames {
  left: number;
  /** For each pair of a first and a last token, whether a name that is looked for can have them. */
  readonly ends = new Uint8Array(TOKENS * TOKENS);
  private readonly byHash = new Map<number, Set<string>>();

  constructor(names: readonly string[], texts: readonly string[]) {
    const distinct = new Set(names);
    const encoder = new TextEncoder();
    const tokens = new TokensByText(texts);
    for (const name of distinct) {
      const hash = hashOf(encoder.encode(name));
      this.byHash.set(hash, (this.byHash.get(hash) ?? new Set()).add(name));
      const last = tokens.atEndOf(name);
      for (const first of tokens.atStartOf(name)) {
        for (const token of last) this.ends[(first << 8) | token] = 1;
      }
      for (const only of tokens.wholeOf(name)) this.ends[(only << 8) | only] = 1;
    }
    this.left = distinct.size;
  }

  has(hash: number): boolean {
    return this.byHash.has(hash);
  }

  /** Whether the name was looked for and not found until now. */
  take(hash: number, name: string): boolean {
    const taken = this.byHash.get(hash)?.delete(name) === true;
    if (taken) this.left -= 1;
    return taken;
  }
}

/** Tokens by their text. The first one of a name begins with the letter of the type. */
class TokensByText {
  private readonly whole = new Map<string, number[]>();
  private readonly behindType = new Map<string, number[]>();
  private readonly longest: number;

  constructor(texts: readonly string[]) {
    this.longest = Math.max(...texts.map((text) => text.length));
    for (const [token, text] of texts.entries()) {
      add(this.whole, text, token);
      add(this.behindType, text.slice(1), token);
    }
  }

  atStartOf(name: string): number[] {
    return this.upTo(name).flatMap((length) => this.behindType.get(name.slice(0, length)) ?? []);
  }

  atEndOf(name: string): number[] {
    return this.upTo(name).flatMap((length) => this.whole.get(name.slice(name.length - length)) ?? []);
  }

  wholeOf(name: string): readonly number[] {
    return this.behindType.get(name) ?? [];
  }

  private upTo(name: string): number[] {
    return Array.from({ length: Math.min(name.length, this.longest) + 1 }, (_, length) => length);
  }
}

function add(map: Map<string, number[]>, text: string, token: number): void {
  const tokens = map.get(text);
  if (tokens === undefined) map.set(text, [token]);
  else tokens.push(token);
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, FACTOR) + byte) | 0;
  return hash;
}

function powerOf(length: number): number {
  let power = 1;
  for (let left = length; left > 0; left -= 1) power = Math.imul(power, FACTOR);
  return power;
}
