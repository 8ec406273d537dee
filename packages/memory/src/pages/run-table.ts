import type { PhysicalRange } from '@osi-linux/core';
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

  private holds(run: number, address: number): boolean {
    return address >= this.start(run) && address < this.end(run);
  }
}
