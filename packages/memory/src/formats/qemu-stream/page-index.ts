// 2 MiB of guest memory.
const CHUNK_PAGES = 512;

/**
 * A number for each page of a block, 0 until it is set. Chunks whose pages were set in order to the same first number
 * cost nothing but a count: guests are zero for long stretches.
 */
export class PageIndex {
  readonly length: number;
  private readonly chunks: (Float64Array | undefined)[] = [];
  /** How many pages of a chunk have its uniform number, while it has no array. */
  private readonly uniformPages: Uint16Array;
  private readonly uniform: Int16Array;

  constructor(length: number) {
    this.length = length;
    this.uniformPages = new Uint16Array(Math.ceil(length / CHUNK_PAGES));
    this.uniform = new Int16Array(this.uniformPages.length);
  }

  /** The number of a page; 0 outside. */
  get(page: number): number {
    const chunk = Math.floor(page / CHUNK_PAGES);
    const at = page % CHUNK_PAGES;
    const array = this.chunks[chunk];
    if (array !== undefined) return array[at] ?? 0;
    return at < (this.uniformPages[chunk] ?? 0) ? (this.uniform[chunk] ?? 0) : 0;
  }

  /** Numbers for pages outside are lost. */
  set(page: number, value: number): void {
    if (!(page < this.length)) return;
    const chunk = Math.floor(page / CHUNK_PAGES);
    const at = page % CHUNK_PAGES;
    let array = this.chunks[chunk];
    if (array === undefined) {
      if (this.extends(chunk, at, value)) return;
      array = new Float64Array(CHUNK_PAGES).fill(this.uniform[chunk] ?? 0, 0, this.uniformPages[chunk]);
      this.chunks[chunk] = array;
    }
    array[at] = value;
  }

  /** Whether a chunk without an array can hold the number: the first one, or the same behind the last. */
  private extends(chunk: number, at: number, value: number): boolean {
    const count = this.uniformPages[chunk] ?? 0;
    const small = value >= -256 && value < 0;
    if (at !== count || !small || (count > 0 && this.uniform[chunk] !== value)) return false;
    this.uniform[chunk] = value;
    this.uniformPages[chunk] = count + 1;
    return true;
  }
}
