import type { ByteSource } from './byte-source';

/** A part of another source, as a source; closing it closes the whole. */
export class SliceSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly whole: ByteSource;
  private readonly start: number;

  /** `size` is cut where the whole ends. */
  constructor(whole: ByteSource, start: number, size: number, name: string) {
    this.whole = whole;
    this.start = start;
    this.size = Math.max(0, Math.min(size, whole.size - start));
    this.name = name;
  }

  read(position: number, into: Uint8Array): number {
    const there = Math.max(0, Math.min(into.length, this.size - position));
    return there === 0 ? 0 : this.whole.read(this.start + position, into.subarray(0, there));
  }

  close(): void {
    this.whole.close();
  }
}
