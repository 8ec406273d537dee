/** Physical memory and its place in the file. */
export interface FileRun {
  /** Physical address of its first byte. */
  readonly start: number;
  /** Physical address behind its last byte. */
  readonly end: number;
  /** File offset of `start`. */
  readonly offset: number;
}

interface RankedRun extends FileRun {
  readonly rank: number;
}

/**
 * Runs ascending and without overlap: where several cover a byte, the first given one wins. Runs that continue each
 * other both in memory and in the file become one.
 */
export function flattenRuns(runs: readonly FileRun[]): FileRun[] {
  const ranked = runs.filter((run) => run.end > run.start).map((run, rank) => ({ ...run, rank }));
  ranked.sort((a, b) => a.start - b.start || a.rank - b.rank);
  const overlap = ranked.some((run, index) => index > 0 && run.start < (ranked[index - 1]?.end ?? 0));
  const flat: FileRun[] = [];
  if (overlap) sweep(ranked, flat);
  else for (const run of ranked) append(flat, run.start, run.end, run.offset);
  return flat;
}

/** Cuts memory at every start and end, and gives each piece to the covering run of the lowest rank. */
function sweep(ranked: readonly RankedRun[], flat: FileRun[]): void {
  const cuts = Float64Array.from(ranked.flatMap((run) => [run.start, run.end])).sort();
  const active = new RankHeap();
  let next = 0;
  for (let index = 0; index + 1 < cuts.length; index += 1) {
    const from = cuts[index] as number;
    const until = cuts[index + 1] as number;
    if (from === until) continue;
    for (let run = ranked[next]; run !== undefined && run.start <= from; run = ranked[next]) {
      active.push(run);
      next += 1;
    }
    let top = active.top;
    while (top !== undefined && top.end <= from) {
      active.pop();
      top = active.top;
    }
    if (top !== undefined) append(flat, from, until, top.offset + (from - top.start));
  }
}

function append(flat: FileRun[], start: number, end: number, offset: number): void {
  const last = flat[flat.length - 1];
  if (last?.end === start && last.offset + (last.end - last.start) === offset) {
    flat[flat.length - 1] = { start: last.start, end, offset: last.offset };
  } else {
    flat.push({ start, end, offset });
  }
}

/** A binary heap of runs, lowest rank on top. */
class RankHeap {
  private readonly items: RankedRun[] = [];

  get top(): RankedRun | undefined {
    return this.items[0];
  }

  push(run: RankedRun): void {
    const { items } = this;
    let at = items.push(run) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.rank(parent) <= run.rank) break;
      items[at] = items[parent] as RankedRun;
      at = parent;
    }
    items[at] = run;
  }

  pop(): void {
    const { items } = this;
    const run = items.pop();
    if (run === undefined || items.length === 0) return;
    let at = 0;
    for (;;) {
      const child = this.rank(2 * at + 2) < this.rank(2 * at + 1) ? 2 * at + 2 : 2 * at + 1;
      if (this.rank(child) >= run.rank) break;
      items[at] = items[child] as RankedRun;
      at = child;
    }
    items[at] = run;
  }

  private rank(at: number): number {
    return this.items[at]?.rank ?? Number.POSITIVE_INFINITY;
  }
}
