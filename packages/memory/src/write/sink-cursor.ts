import type { ByteSink } from './byte-sink';

const BUFFER_BYTES = 256 * 1024;

/** Writes one part after the other into a sink, in large pieces. */
export class SinkCursor {
  private readonly sink: ByteSink;
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private start: number;
  private used = 0;

  constructor(sink: ByteSink, position = 0) {
    this.sink = sink;
    this.start = position;
  }

  /** Where the next part goes. */
  get position(): number {
    return this.start + this.used;
  }

  /** Writes a part; it is the caller's again afterwards. */
  put(bytes: Uint8Array): void {
    if (this.used + bytes.length > BUFFER_BYTES) this.flush();
    if (bytes.length > BUFFER_BYTES) {
      this.sink.write(this.start, bytes);
      this.start += bytes.length;
      return;
    }
    this.buffer.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Goes on at another position. */
  seek(position: number): void {
    if (position === this.position) return;
    this.flush();
    this.start = position;
  }

  /** Hands the buffered bytes to the sink; to be called at the end. */
  flush(): void {
    if (this.used > 0) this.sink.write(this.start, this.buffer.subarray(0, this.used));
    this.start += this.used;
    this.used = 0;
  }
}
