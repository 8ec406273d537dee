/** A part of a source, in bytes. */
export interface SourceExtent {
  /** First byte. */
  readonly start: number;
  /** First byte after it. */
  readonly end: number;
}

/** Bytes of a file or a buffer, read synchronously at any position. */
export interface ByteSource {
  /** Its name in messages: the path of a file. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * Copies bytes from a position on; returns how many, fewer than asked for only at the end of the source.
   *
   * @throws OsiError where the source cannot be read or was closed.
   */
  read(position: number, into: Uint8Array): number;
  /**
   * The parts outside of which every byte is known to be zero, ascending: those that a sparse file has on the disk.
   * `undefined` if nothing is known.
   */
  readonly extents?: readonly SourceExtent[] | undefined;
  /** Closes the file, after which `read` throws. */
  close(): void;
  /**
   * Another file of the same folder, by its name without a path; the caller closes it. `undefined` if there
   * is no such file, and absent if a source has no folder.
   *
   * @throws OsiError where the file is there, but cannot be opened.
   */
  beside?(name: string): ByteSource | undefined;
}

/**
 * A source over bytes in memory; they are not copied.
 *
 * @example
 * ```ts
 * const source = new BytesSource(Uint8Array.of(1, 2, 3));
 * source.read(2, new Uint8Array(8)) // => 1
 * ```
 */
export class BytesSource implements ByteSource {
  readonly name: string;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, name = 'bytes in memory') {
    this.bytes = bytes;
    this.name = name;
  }

  get size(): number {
    return this.bytes.length;
  }

  read(position: number, into: Uint8Array): number {
    const part = this.bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  /** Does nothing: the bytes belong to the caller. */
  close(): void {
    // Nothing is held open.
  }
}
