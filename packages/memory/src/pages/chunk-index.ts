import { flattenRuns } from './runs';

/** Chunks that overlap each other are taken apart one by one; more than this many at once are refused. */
const MOST_OVERLAPPING = 65_536;

/** The chunks of a flattened file, 24 bytes each: where they belong, how long they are, and where they lie. */
export class ChunkIndex {
  length = 0;
  /** First byte after all chunks. */
  end = 0;
  private starts = new Float64Array(1024);
  private sizes = new Float64Array(1024);
  private positions = new Float64Array(1024);
  private sorted = true;
  private last = 0;

  /** Adds a chunk, in the order of the file: its first byte, its length, where it lies. */
  add(start: number, size: number, position: number): void {
    if (this.length === this.starts.length) this.grow();
    if (start < this.end) this.sorted = false;
    this.put(this.length, start, size, position);
    this.length += 1;
    this.end = Math.max(this.end, start + size);
  }

  /** Puts the chunks into ascending order without overlap, the last added on top; false where too many overlap. */
  finish(): boolean {
    if (this.sorted) return true;
    const { starts } = this;
    const order = Uint32Array.from({ length: this.length }, (_, index) => index);
    order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || a - b);
    const flat = new ChunkIndex();
    for (let at = 0; at < order.length; ) {
      const end = this.endOfCluster(order, at);
      if (end - at > MOST_OVERLAPPING) return false;
      if (end - at === 1) flat.add(...this.chunk(order[at] ?? 0));
      else this.flatten(order.subarray(at, end), flat);
      at = end;
    }
    this.starts = flat.starts;
    this.sizes = flat.sizes;
    this.positions = flat.positions;
    this.length = flat.length;
    return true;
  }

  /** The last chunk that starts at a place or before it, or -1. */
  before(at: number): number {
    if (this.startsIn(this.last, at)) return this.last;
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.last = low - 1;
    return low - 1;
  }

  start(chunk: number): number {
    return chunk < this.length ? (this.starts[chunk] ?? 0) : Number.POSITIVE_INFINITY;
  }

  size(chunk: number): number {
    return this.sizes[chunk] ?? 0;
  }

  /** Where the bytes of a chunk lie in the flattened file. */
  position(chunk: number): number {
    return this.positions[chunk] ?? 0;
  }

  private startsIn(chunk: number, at: number): boolean {
    return chunk >= 0 && this.start(chunk) <= at && at < this.start(chunk + 1);
  }

  private chunk(index: number): [start: number, size: number, position: number] {
    return [this.start(index), this.size(index), this.position(index)];
  }

  private put(index: number, start: number, size: number, position: number): void {
    this.starts[index] = start;
    this.sizes[index] = size;
    this.positions[index] = position;
  }

  /** The first chunk, by order, that starts at or above all that came before it from `at` on. */
  private endOfCluster(order: Uint32Array, at: number): number {
    let end = 0;
    let next = at;
    do {
      const [start, size] = this.chunk(order[next] ?? 0);
      end = Math.max(end, start + size);
      next += 1;
    } while (next < order.length && this.start(order[next] ?? 0) < end);
    return next;
  }

  private flatten(cluster: Uint32Array, flat: ChunkIndex): void {
    const newestFirst = [...cluster].sort((a, b) => b - a);
    const runs = newestFirst.map((index) => {
      const [start, size, offset] = this.chunk(index);
      return { start, end: start + size, offset };
    });
    for (const { start, end, offset } of flattenRuns(runs)) flat.add(start, end - start, offset);
  }

  private grow(): void {
    const size = this.starts.length * 2;
    this.starts = enlarged(this.starts, size);
    this.sizes = enlarged(this.sizes, size);
    this.positions = enlarged(this.positions, size);
  }
}

function enlarged(from: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const into = new Float64Array(size);
  into.set(from);
  return into;
}
