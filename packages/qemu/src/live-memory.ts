import {
  formatAddress,
  OsiError,
  PAGE_SIZE,
  type Page,
  type PhysicalAddress,
  type PhysicalMemory,
  type PhysicalRange,
} from '@osi-linux/core';
import { createPage, PageCache } from '@osi-linux/memory';

/** Reads runs of a live guest's physical memory. */
export interface MemoryReader {
  /** The cost of one more run, in bytes that are read in the same time: nearer ones are read as one. */
  readonly worthOfRun: number;
  /** How much is read around a page that is asked for, in bytes: whole pages. */
  readonly readAhead: number;
  /**
   * The bytes of each run, in their order. A run lies within one of the ranges of RAM and is whole pages.
   *
   * @throws OsiError why they cannot be read.
   */
  readRuns(runs: readonly PhysicalRange[]): Uint8Array[];
}

/** Bytes that are kept of one state of the guest. */
const MOST_KEPT = 512 * 1024 * 1024;
/** The longest run that is read at once. */
const LONGEST_RUN = 16 * 1024 * 1024;

/**
 * The physical memory of a live guest: bytes that were read are kept until {@link refresh}, which begins
 * anew.
 *
 * `ranges` are those of RAM; partial pages at their edges are left out.
 *
 * @example
 * ```ts
 * const readRuns = (runs) => runs.map(({ start, end }) => new Uint8Array(end - start).fill(7));
 * const reader = { worthOfRun: 0, readAhead: 4096, readRuns };
 * const memory = new LiveMemory(reader, [{ start: 0, end: 8192 }]);
 * memory.page(1)?.bytes[0] // => 7
 * memory.page(2) // => undefined
 * memory.hole(2).code // => 'PHYSICAL_HOLE'
 * ```
 */
export class LiveMemory implements PhysicalMemory {
  readonly ranges: readonly PhysicalRange[];
  private readonly reader: MemoryReader;
  private readonly cache: PageCache;
  private runs: (PhysicalRange & { readonly bytes: Uint8Array })[] = [];
  private kept = 0;
  private touched = new Set<number>();
  private failed: OsiError | undefined;
  private sealed = false;
  private missed = false;

  constructor(reader: MemoryReader, ranges: readonly PhysicalRange[]) {
    this.reader = reader;
    this.ranges = joinRanges(ranges);
    this.cache = new PageCache((frame) => this.load(frame));
  }

  /** Why memory could not be read since the last {@link refresh}; `undefined` where all could. */
  get failure(): OsiError | undefined {
    return this.failed;
  }

  /** Whether a page was asked for that was not read before {@link seal}. */
  get isIncomplete(): boolean {
    return this.missed;
  }

  page(frame: number): Page | undefined {
    return this.cache.page(frame);
  }

  scan(address: PhysicalAddress, into: Uint8Array): number {
    const range = this.rangeAt(address);
    if (range === undefined || this.failed !== undefined || this.misses()) return 0;
    const length = Math.min(into.length, range.end - address, LONGEST_RUN);
    const start = pageStart(address);
    const end = Math.min(range.end, pageStart(address + length + PAGE_SIZE - 1));
    const [bytes] = this.tryRead([{ start, end }]);
    if (bytes === undefined) return 0;
    into.set(bytes.subarray(address - start, address - start + length));
    return length;
  }

  hole(frame: number): OsiError {
    const address = frame * PAGE_SIZE;
    if (this.failed !== undefined) return this.failed;
    const fields = { physicalAddress: address };
    if (this.rangeAt(address) === undefined)
      return new OsiError('PHYSICAL_HOLE', `physical ${formatAddress(address)} is not RAM of the guest`, {
        hint: 'the address is device memory, or beyond the memory of this machine',
        fields,
      });
    return new OsiError('PAGE_PRESENT', `no hole: physical ${formatAddress(address)} is RAM of the guest`, {
      hint: 'read the page',
      fields,
    });
  }

  /**
   * The guest ran on: drops the cached bytes. With `again`, the bytes that were asked for since the last time
   * are read at once, in as few runs as pay off.
   */
  refresh(again = false): void {
    const before = this.touched;
    this.touched = new Set();
    this.cache.clear();
    this.runs = [];
    this.kept = 0;
    this.failed = undefined;
    this.sealed = false;
    this.missed = false;
    if (again) this.prefetch(before);
  }

  /** The guest is about to run on: no more memory is read before {@link refresh}. */
  seal(): void {
    this.sealed = true;
  }

  private misses(): boolean {
    this.missed ||= this.sealed;
    return this.sealed;
  }

  private prefetch(frames: ReadonlySet<number>): void {
    const runs = coalesce(
      [...frames].sort((one, other) => one - other),
      this.reader.worthOfRun,
      this.ranges,
    );
    const read = this.tryRead(runs);
    for (const [index, bytes] of read.entries()) this.keep(runs[index]?.start ?? 0, bytes);
  }

  private load(frame: number): Page | undefined {
    const start = frame * PAGE_SIZE;
    const run = this.runs[lastAtOrBelow(this.runs, start)];
    this.touched.add(frame);
    if (run !== undefined && start < run.end)
      return createPage(run.bytes.subarray(start - run.start, start - run.start + PAGE_SIZE));
    const range = this.rangeAt(start);
    if (range === undefined || this.failed !== undefined || this.misses()) return undefined;
    return this.loadAhead(start, this.runAround(start, range, run));
  }

  private loadAhead(start: PhysicalAddress, range: PhysicalRange): Page | undefined {
    const [bytes] = this.tryRead([range]);
    if (bytes === undefined) return undefined;
    this.keep(range.start, bytes);
    return createPage(bytes.subarray(start - range.start, start - range.start + PAGE_SIZE));
  }

  /** The aligned block around a page, as far as it is RAM and was not read yet. */
  private runAround(
    start: PhysicalAddress,
    range: PhysicalRange,
    below: PhysicalRange | undefined,
  ): PhysicalRange {
    const { readAhead } = this.reader;
    const block = start - (start % readAhead);
    const above = this.runs[lastAtOrBelow(this.runs, start) + 1];
    return {
      start: Math.max(block, range.start, below?.end ?? 0),
      end: Math.min(block + readAhead, range.end, above?.start ?? range.end),
    };
  }

  private keep(start: PhysicalAddress, bytes: Uint8Array): void {
    if (this.kept + bytes.length > MOST_KEPT) {
      this.runs = [];
      this.kept = 0;
    }
    const place = lastAtOrBelow(this.runs, start) + 1;
    this.runs.splice(place, 0, { start, end: start + bytes.length, bytes });
    this.kept += bytes.length;
  }

  private tryRead(runs: readonly PhysicalRange[]): Uint8Array[] {
    if (runs.length === 0) return [];
    try {
      return this.reader.readRuns(runs);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      this.failed = error;
      return [];
    }
  }

  private rangeAt(address: PhysicalAddress): PhysicalRange | undefined {
    const range = this.ranges[lastAtOrBelow(this.ranges, address)];
    return range !== undefined && address < range.end ? range : undefined;
  }
}

function pageStart(address: PhysicalAddress): PhysicalAddress {
  return address - (address % PAGE_SIZE);
}

/** Whole pages of ranges that are ascending, those that touch as one. */
function joinRanges(ranges: readonly PhysicalRange[]): PhysicalRange[] {
  const joined: PhysicalRange[] = [];
  for (const { start, end } of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && last.end === start) joined[joined.length - 1] = { start: last.start, end };
    else joined.push({ start, end });
  }
  return joined
    .map(({ start, end }) => ({ start: pageStart(start + PAGE_SIZE - 1), end: pageStart(end) }))
    .filter(({ start, end }) => end > start);
}

/** Runs that hold all of these ascending frames and go on over gaps that cost less than another run. */
function coalesce(frames: readonly number[], gap: number, ranges: readonly PhysicalRange[]): PhysicalRange[] {
  const runs: PhysicalRange[] = [];
  for (const frame of frames) {
    const start = frame * PAGE_SIZE;
    const range = ranges[lastAtOrBelow(ranges, start)];
    if (range === undefined || start >= range.end) continue;
    const end = start + PAGE_SIZE;
    const last = runs.at(-1);
    const joins = last !== undefined && last.start >= range.start && start - last.end <= gap;
    if (joins && end - last.start <= LONGEST_RUN) runs[runs.length - 1] = { start: last.start, end };
    else runs.push({ start, end });
  }
  return runs;
}

/** Place of the last of ascending ranges that begins at an address or below it; -1 where none does. */
function lastAtOrBelow(ranges: readonly PhysicalRange[], address: PhysicalAddress): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.start ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
