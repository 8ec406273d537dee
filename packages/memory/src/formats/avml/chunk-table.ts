// Chunks have 64 KiB, but for the last one of a block: more small ones than these are not read.
const FEW_CHUNKS = 65536;
const LEAST_AVERAGE = 4096;

/** A chunk of a framed stream. */
export interface Chunk {
  /** Bytes that it has when it is decompressed; 0 for one that has none. */
  readonly length: number;
  /** Position of its data, after the checksum. */
  readonly data: number;
  /** Position after it. */
  readonly end: number;
  readonly compressed: boolean;
  /** The masked CRC-32C of its bytes, where it has one. */
  readonly checksum: number | undefined;
}

/** Chunks of framed snappy streams, one after the other: compact arrays with a row for each. */
export class ChunkTable {
  /** Bytes that all chunks have when they are decompressed. */
  length = 0;
  private count = 0;
  private taken = 0;
  private positions = new Float64Array(64);
  private datas = new Float64Array(64);
  private sizes = new Uint32Array(64);
  private checksums = new Float64Array(64);

  /** False where there are more than are read. */
  add(chunk: Chunk): boolean {
    this.taken += 1;
    if (this.taken > FEW_CHUNKS + this.length / LEAST_AVERAGE) return false;
    if (chunk.length === 0) return true;
    if (this.count === this.positions.length) this.grow();
    this.positions[this.count] = this.length;
    this.datas[this.count] = chunk.data;
    // Sizes have 24 bits; the bit above them is set if the data is compressed.
    this.sizes[this.count] = chunk.end - chunk.data + (chunk.compressed ? 2 ** 24 : 0);
    this.checksums[this.count] = chunk.checksum ?? -1;
    this.count += 1;
    this.length += chunk.length;
    return true;
  }

  /** The chunk that has a position of the decompressed stream. */
  find(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.positions[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Position of a chunk in the decompressed stream. */
  position(chunk: number): number {
    return chunk < this.count ? (this.positions[chunk] ?? 0) : this.length;
  }

  /** Where the data of a chunk is in the file. */
  data(chunk: number): { offset: number; size: number; compressed: boolean; checksum: number } {
    const packed = this.sizes[chunk] ?? 0;
    return {
      offset: this.datas[chunk] ?? 0,
      size: packed % 2 ** 24,
      compressed: packed >= 2 ** 24,
      checksum: this.checksums[chunk] ?? -1,
    };
  }

  private grow(): void {
    const size = this.positions.length * 2;
    const grown = <A extends Float64Array | Uint32Array>(array: A, larger: A): A => {
      larger.set(array);
      return larger;
    };
    this.positions = grown(this.positions, new Float64Array(size));
    this.datas = grown(this.datas, new Float64Array(size));
    this.sizes = grown(this.sizes, new Uint32Array(size));
    this.checksums = grown(this.checksums, new Float64Array(size));
  }
}
