import type { OsiError, SkippedLog, Subject } from '@osi-linux/core';

/** More runs than a reader can use; everything skipped after them is one more run. */
const RUNS_LIMIT = 1000;

/** Reports the items of an array that are skipped one after the other, and for one reason, as one. */
export class SkippedRun {
  private readonly skipped: SkippedLog;
  private readonly item: Subject;
  private run: { first: number; last: number; reason: OsiError } | undefined;
  private runs = 0;

  constructor(skipped: SkippedLog, item: Subject) {
    this.skipped = skipped;
    this.item = item;
  }

  /** Notes an item by its number; numbers ascend. */
  add(item: number, reason: OsiError): void {
    const run = this.run;
    const continues = run !== undefined && run.last + 1 === item && run.reason.code === reason.code;
    if (run !== undefined && (continues || this.runs > RUNS_LIMIT)) {
      run.last = item;
      return;
    }
    this.end();
    this.run = { first: item, last: item, reason };
    this.runs += 1;
  }

  /** Reports the last run; to be called when all items were seen. */
  end(): void {
    const run = this.run;
    if (run === undefined) return;
    const { first, last, reason } = run;
    this.skipped.add({ ...this.item, first, last }, reason);
    this.run = undefined;
  }
}
