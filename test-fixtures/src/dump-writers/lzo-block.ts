/**
 * Compresses bytes into an LZO1X block (Linux Documentation/staging/lzo.rst), with every kind of match that the bytes
 * give an opportunity for.
 */
export function lzoBlock(bytes: Uint8Array): Uint8Array {
  const writer = new LzoWriter(bytes);
  for (let at = 0; at < bytes.length; ) {
    const match = findMatch(bytes, at, writer.pending(at));
    if (match !== undefined) writer.match(at, match);
    at += match?.length ?? 1;
  }
  return writer.end();
}

interface Match {
  readonly length: number;
  readonly distance: number;
}

const FARTHEST = 49_151;
const NEAREST_TRIED = 4;
const LONGEST = 2000;

/** The longest match of a few near candidates; of 2 bytes only where an instruction for it exists. */
function findMatch(bytes: Uint8Array, at: number, pending: number): Match | undefined {
  let best: Match | undefined;
  let tried = 0;
  for (let from = at - 1; from >= Math.max(0, at - FARTHEST) && tried < NEAREST_TRIED; from -= 1) {
    if (bytes[from] !== bytes[at] || bytes[from + 1] !== bytes[at + 1]) continue;
    const match = { length: matchLength(bytes, from, at), distance: at - from };
    if (!isEncodable(match, pending)) continue;
    tried += 1;
    if (match.length > (best?.length ?? 0)) best = match;
  }
  return best;
}

function matchLength(bytes: Uint8Array, from: number, at: number): number {
  let length = 0;
  while (length < LONGEST && at + length < bytes.length && bytes[from + length] === bytes[at + length])
    length += 1;
  return length;
}

function isEncodable({ length, distance }: Match, pending: number): boolean {
  if (length === 2) return pending >= 1 && pending <= 3 && distance <= 1024;
  // A match of 3 bytes at 16384 would be the end marker's.
  return length > 2 && distance !== 16_384;
}

class LzoWriter {
  private readonly bytes: Uint8Array;
  private readonly out: number[] = [];
  /** First byte that is not written yet. */
  private from = 0;
  /** Where the two bits for up to 3 literals are, after a match. */
  private bitsAt = -1;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  pending(at: number): number {
    return at - this.from;
  }

  match(at: number, { length, distance }: Match): void {
    const literals = this.literals(at);
    this.from = at + length;
    const { out } = this;
    if (length === 2) this.tagged((distance - 1) & 3, 0, [(distance - 1) >> 2]);
    else if (length === 3 && literals >= 4 && distance > 2048 && distance <= 3072)
      this.tagged((distance - 2049) & 3, 0, [(distance - 2049) >> 2]);
    else if (length <= 8 && distance <= 2048) {
      const [far, low] = [(distance - 1) >> 3, (distance - 1) & 7];
      const tag = length <= 4 ? 64 + (length - 3) * 32 : 128 + (length - 5) * 32;
      this.bitsAt = out.length;
      out.push(tag + low * 4, far);
    } else if (distance < 16_384) {
      this.long(32, 31, length - 2);
      this.distance(distance - 1);
    } else {
      const rest = distance - 16_384;
      this.long(16 + (rest >= 16_384 ? 8 : 0), 7, length - 2);
      this.distance(rest & 16_383);
    }
  }

  end(): Uint8Array {
    this.literals(this.bytes.length);
    this.out.push(0x11, 0, 0);
    return Uint8Array.from(this.out);
  }

  private tagged(low: number, tag: number, rest: readonly number[]): void {
    this.bitsAt = this.out.length;
    this.out.push(tag + low * 4, ...rest);
  }

  private distance(distance: number): void {
    this.bitsAt = this.out.length;
    this.out.push((distance & 63) << 2, distance >> 6);
  }

  /** A tag with a length in its low bits, or after it where it is larger than they can hold. */
  private long(tag: number, most: number, length: number): void {
    if (length <= most) this.out.push(tag + length);
    else this.out.push(tag, ...extended(length - most));
  }

  /** Writes the literals up to a place; returns how many. */
  private literals(until: number): number {
    const { out, from } = this;
    const count = until - from;
    if (count === 0) return 0;
    const start = out.length === 0;
    if (start && count <= 238) out.push(17 + count);
    else if (!start && count <= 3) out[this.bitsAt] = (out[this.bitsAt] ?? 0) + count;
    else if (count <= 18) out.push(count - 3);
    else out.push(0, ...extended(count - 18));
    out.push(...this.bytes.subarray(from, until));
    this.from = until;
    return count;
  }
}

/** A zero for each 255, then the rest, which is not zero. */
function extended(length: number): number[] {
  const zeros = Math.floor((length - 1) / 255);
  return [...new Array<number>(zeros).fill(0), length - zeros * 255];
}
