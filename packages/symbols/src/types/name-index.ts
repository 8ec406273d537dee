const INITIAL = 4096;
/** Bytes of a name that its hash is made of: few, as there are tens of thousands of names and some that are asked for. */
const HASHED = 8;
/** A kernel has no more types of one name. */
const MAX_SAME = 64;

/** Hash of the beginning of a name: FNV-1a, 32 bits. */
export function hashText(text: Uint8Array): number {
  let hash = 0x811c9dc5;
  const end = Math.min(text.length, HASHED);
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ (text[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

/** Numbers by names that lie in a table of strings: two arrays of words, searched without a map. */
export class NameIndex {
  private readonly strings: Uint8Array;
  private hashes = new Uint32Array(INITIAL);
  private positions = new Uint32Array(INITIAL);
  private values = new Uint32Array(INITIAL);
  private count = 0;

  constructor(strings: Uint8Array) {
    this.strings = strings;
  }

  /** Adds a number under the name at a position of the strings. */
  add(position: number, value: number): void {
    if (this.count === this.hashes.length) this.grow();
    this.hashes[this.count] = this.hashAt(position);
    this.positions[this.count] = position;
    this.values[this.count] = value;
    this.count++;
  }

  /** The numbers under a name, in the order in which they were added. */
  find(text: Uint8Array, hash: number): number[] {
    const found: number[] = [];
    const hashes = this.hashes.subarray(0, this.count);
    for (let at = hashes.indexOf(hash); at >= 0; at = hashes.indexOf(hash, at + 1)) {
      if (found.length === MAX_SAME) break;
      if (this.isText(this.positions[at] ?? 0, text)) found.push(this.values[at] ?? 0);
    }
    return found;
  }

  /** Whether the name at a position is this text. */
  isText(position: number, text: Uint8Array): boolean {
    const strings = this.strings;
    const end = position + text.length;
    if (end >= strings.length || strings[end] !== 0) return false;
    for (let at = 0; at < text.length; at++) if (strings[position + at] !== text[at]) return false;
    return true;
  }

  /** Hash of the name at a position. */
  hashAt(position: number): number {
    const strings = this.strings;
    let hash = 0x811c9dc5;
    const end = Math.min(position + HASHED, strings.length);
    for (let at = position; at < end; at++) {
      const byte = strings[at] ?? 0;
      if (byte === 0) break;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    return hash >>> 0;
  }

  private grow(): void {
    const double = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    this.hashes = double(this.hashes);
    this.positions = double(this.positions);
    this.values = double(this.values);
  }
}
