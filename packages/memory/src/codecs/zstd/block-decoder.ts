import { PackingDamage } from '../packing-damage';
import { Literals } from './literals';
import type { ZstdOutput } from './output';
import { PaddedBytes } from './padded-bytes';
import { Sequences } from './sequences';

/** Shorter runs are copied byte by byte, which is faster than a call. */
const LONG_RUN = 32;

/**
 * Unpacks the compressed blocks of a frame (RFC 8878, 3.1.1.3); this object keeps the state that one block
 * leaves to the next.
 */
export class BlockDecoder {
  private readonly source = new PaddedBytes();
  private readonly literals = new Literals();
  private readonly sequences = new Sequences();

  /** Forgets the frame before. */
  reset(): void {
    this.literals.reset();
    this.sequences.reset();
  }

  /**
   * Unpacks a block of at most 128 KiB, which comes to at most `most` bytes.
   *
   * @throws PackingDamage
   */
  decode(block: Uint8Array, most: number, output: ZstdOutput): void {
    const { source, literals, sequences } = this;
    source.load(block);
    sequences.read(source, literals.read(source));
    const total = literals.count + sequences.matched;
    if (sequences.literals > literals.count || total > most) {
      throw new PackingDamage('a block decompresses to more than allowed');
    }
    output.reserve(total);
    this.run(output);
  }

  private run(output: ZstdOutput): void {
    const { sequences, literals } = this;
    const { count, literalLengths, matchLengths } = sequences;
    const { bytes, start } = output;
    let { at } = output;
    let from = 0;
    for (let index = 0; index < count; index += 1) {
      const length = literalLengths[index] ?? 0;
      copy(literals.bytes, from, from + length, bytes, at);
      from += length;
      at += length;
      const offset = sequences.takeOffset(index);
      const match = matchLengths[index] ?? 0;
      if (offset > at - start || offset === 0) {
        output.at = at;
        output.copyFar(offset, match);
      } else copyMatch(bytes, at, offset, match);
      at += match;
    }
    copy(literals.bytes, from, literals.count, bytes, at);
    output.at = at + literals.count - from;
  }
}

function copy(source: Uint8Array, from: number, end: number, into: Uint8Array, at: number): void {
  if (end - from > LONG_RUN) into.set(source.subarray(from, end), at);
  else for (let index = from, to = at; index < end; ) into[to++] = source[index++] ?? 0;
}

/** Copies the bytes from `offset` bytes back; if that is less than `length`, it repeats itself. */
function copyMatch(bytes: Uint8Array, at: number, offset: number, length: number): void {
  const from = at - offset;
  if (length <= LONG_RUN) {
    for (let index = 0; index < length; index += 1) bytes[at + index] = bytes[from + index] ?? 0;
  } else if (offset === 1) bytes.fill(bytes[from] ?? 0, at, at + length);
  else {
    for (let done = 0; done < length; ) {
      const part = Math.min(offset + done, length - done);
      bytes.copyWithin(at + done, from, from + part);
      done += part;
    }
  }
}
