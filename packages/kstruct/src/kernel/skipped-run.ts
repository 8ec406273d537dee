import type { OsiError, SkippedLog } from '@osi-linux/core';

/** More runs than a reader can use; what is skipped after them is one more. */
const RUNS_LIMIT = 1000;

/** Reports the items of an array that are skipped one after the other, and for one reason, as one. */
export class SkippedRun {
  private readonly skipped: SkippedLog;
  private readonly name: string;
  private run: { first: number; last: number; reason: OsiError } | undefined;
  private runs = 0;

  constructor(skipped: SkippedLog, name: string) {
    this.skipped = skipped;
    this.name = name;
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
    const items = first === last ? `${this.name} ${first}` : `${this.name}s ${first} to ${last}`;
    this.skipped.add(items, reason);
    this.run = undefined;
  }
}
