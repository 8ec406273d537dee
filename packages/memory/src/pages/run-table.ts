import { PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { SourceExtent } from '../sources/byte-source';
import type { FileRun } from './runs';

/** Runs that were flattened, for lookup by address: binary search behind the last hit. */
export class RunTable {
  readonly length: number;
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;
  private readonly offsets: Float64Array;
  private last = 0;

  constructor(runs: readonly FileRun[]) {
    this.length = runs.length;
    this.starts = Float64Array.from(runs, (run) => run.start);
    this.ends = Float64Array.from(runs, (run) => run.end);
    this.offsets = Float64Array.from(runs, (run) => run.offset);
  }

  /** The run that holds an address, or -1. */
  find(address: number): number {
    if (this.holds(this.last, address)) return this.last;
    const at = this.after(address) - 1;
    if (!this.holds(at, address)) return -1;
    this.last = at;
    return at;
  }

  /** The first run that starts above an address; `length` where none does. */
  after(address: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.start(middle) <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** First byte of a run. */
  start(run: number): number {
    return this.starts[run] ?? Number.NaN;
  }

  /** First byte after a run. */
  end(run: number): number {
    return this.ends[run] ?? Number.NaN;
  }

  /** File offset of an address inside a run. */
  offset(run: number, address: number): number {
    return (this.offsets[run] ?? Number.NaN) + (address - this.start(run));
  }

  /** The runs as ranges of memory, those that touch put together. */
  ranges(): PhysicalRange[] {
    const ranges: { start: number; end: number }[] = [];
    for (let run = 0; run < this.length; run += 1) {
      const last = ranges[ranges.length - 1];
      if (last?.end === this.start(run)) last.end = this.end(run);
      else ranges.push({ start: this.start(run), end: this.end(run) });
    }
    return ranges;
  }

  /**
   * The parts of whole-page ranges that lie in extents of the file, with the pages before and after them, in which a
   * text may begin or end.
   */
  occupied(extents: readonly SourceExtent[], ranges: readonly PhysicalRange[]): PhysicalRange[] {
    const parts: PhysicalRange[] = [];
    for (let run = 0; run < this.length; run += 1) {
      const [first, last, offset] = [this.start(run), this.end(run), this.offset(run, this.start(run))];
      for (let at = firstBehind(extents, offset); at < extents.length; at += 1) {
        const { start = 0, end = 0 } = extents[at] ?? {};
        if (start >= offset + last - first) break;
        parts.push({
          start: Math.floor(Math.max(first, first + start - offset) / PAGE_SIZE - 1) * PAGE_SIZE,
          end: Math.ceil(Math.min(last, first + end - offset) / PAGE_SIZE + 1) * PAGE_SIZE,
        });
      }
    }
    return intersect(joined(parts), ranges);
  }

  private holds(run: number, address: number): boolean {
    return address >= this.start(run) && address < this.end(run);
  }
}

/** The first extent that ends behind an offset. */
function firstBehind(extents: readonly SourceExtent[], offset: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((extents[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ranges that ascend, those that touch or overlap put together. */
function joined(ranges: readonly PhysicalRange[]): PhysicalRange[] {
  const all: { start: number; end: number }[] = [];
  for (const { start, end } of ranges) {
    const last = all[all.length - 1];
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else all.push({ start, end });
  }
  return all;
}

/** The ranges that two ascending lists have in common. */
function intersect(ones: readonly PhysicalRange[], others: readonly PhysicalRange[]): PhysicalRange[] {
  const common: PhysicalRange[] = [];
  for (let one = 0, other = 0; one < ones.length && other < others.length; ) {
    const [a, b] = [ones[one] as PhysicalRange, others[other] as PhysicalRange];
    const [start, end] = [Math.max(a.start, b.start), Math.min(a.end, b.end)];
    if (start < end) common.push({ start, end });
    if (a.end < b.end) one += 1;
    else other += 1;
  }
  return common;
}
