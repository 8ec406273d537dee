/** Where bytes are written to, at any position; bytes between are zero. */
export interface ByteSink {
  /**
   * Writes all of `bytes` at a position; they are the caller's again afterwards.
   *
   * @throws OsiError where they cannot be written.
   */
  write(position: number, bytes: Uint8Array): void;
}

const FIRST_BYTES = 64 * 1024;

/**
 * A sink that keeps the written bytes in memory.
 *
 * @example
 * ```ts
 * const sink = new BytesSink();
 * sink.write(2, Uint8Array.of(7));
 * [...sink.bytes] // => [0, 0, 7]
 * ```
 */
export class BytesSink implements ByteSink {
  private buffer = new Uint8Array(FIRST_BYTES);
  private end = 0;

  /** The bytes that were written so far; a view, which further writes may leave behind. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.end);
  }

  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.length;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2));
      grown.set(this.bytes);
      this.buffer = grown;
    }
    this.buffer.set(bytes, position);
    this.end = Math.max(this.end, end);
  }
}
