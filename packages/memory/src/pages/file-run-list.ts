import type { FileRun } from './runs';

const FIRST_ROOM = 64;
const MOST_RUNS = 2 ** 20;
// Telling which of many runs comes first at each place takes long; only a file that is made to do harm has so many.
const MOST_OVERLAPPING = 2 ** 16;

/**
 * Collects runs by the million in compact arrays. Runs that have the same distance between memory and file,
 * and that touch or overlap, become one: the same page named many times, as in QEMU's cores with
 * `paging=true`, costs nothing.
 */
export class FileRunList {
  /** How many runs were left out because there were too many that cannot be put together. */
  dropped = 0;
  private count = 0;
  private starts = new Float64Array(FIRST_ROOM);
  private ends = new Float64Array(FIRST_ROOM);
  private offsets = new Float64Array(FIRST_ROOM);
  private full = false;

  push(start: number, end: number, offset: number): void {
    if (end <= start || this.extendsLast(start, end, offset)) return;
    if (this.count === MOST_RUNS) this.makeRoom();
    if (this.full) {
      this.dropped += 1;
      return;
    }
    if (this.count === this.starts.length) this.grow();
    this.set(this.count, { start, end, offset });
    this.count += 1;
  }

  /** The runs in the order in which the first part of each was given. */
  runs(): FileRun[] {
    const merged = this.merge();
    if (merged.length <= MOST_OVERLAPPING || !overlap(merged)) return merged;
    this.dropped += merged.length - MOST_OVERLAPPING;
    return merged.slice(0, MOST_OVERLAPPING);
  }

  private makeRoom(): void {
    if (this.full) return;
    const merged = this.merge();
    for (const [index, run] of merged.entries()) this.set(index, run);
    this.count = merged.length;
    // Room for a few more would be used up at once.
    this.full = this.count > MOST_RUNS * 0.75;
  }

  private merge(): FileRun[] {
    const order = Uint32Array.from({ length: this.count }, (_, index) => index);
    order.sort(
      (one, other) => this.distance(one) - this.distance(other) || this.start(one) - this.start(other),
    );
    const merged: (FileRun & { rank: number })[] = [];
    let last: { start: number; end: number; offset: number; rank: number } | undefined;
    for (const index of order) {
      const start = this.start(index);
      const end = this.ends[index] ?? 0;
      if (last !== undefined && last.offset - last.start === this.distance(index) && start <= last.end) {
        last.end = Math.max(last.end, end);
        last.rank = Math.min(last.rank, index);
      } else {
        last = { start, end, offset: this.offsets[index] ?? 0, rank: index };
        merged.push(last);
      }
    }
    return merged.sort((one, other) => one.rank - other.rank);
  }

  private set(index: number, { start, end, offset }: FileRun): void {
    this.starts[index] = start;
    this.ends[index] = end;
    this.offsets[index] = offset;
  }

  private start(index: number): number {
    return this.starts[index] ?? 0;
  }

  private distance(index: number): number {
    return (this.offsets[index] ?? 0) - this.start(index);
  }

  private extendsLast(start: number, end: number, offset: number): boolean {
    const last = this.count - 1;
    const lastEnd = this.ends[last] ?? -1;
    if (last < 0 || start < this.start(last) || start > lastEnd) return false;
    if (offset - start !== this.distance(last)) return false;
    if (end > lastEnd) this.ends[last] = end;
    return true;
  }

  private grow(): void {
    this.starts = doubled(this.starts);
    this.ends = doubled(this.ends);
    this.offsets = doubled(this.offsets);
  }
}

function overlap(runs: readonly FileRun[]): boolean {
  const order = Uint32Array.from(runs, (_, index) => index);
  const start = (index: number): number => runs[index]?.start ?? 0;
  order.sort((one, other) => start(one) - start(other));
  let end = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    if (start(index) < end) return true;
    end = runs[index]?.end ?? end;
  }
  return false;
}

function doubled(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
