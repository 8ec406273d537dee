import type { VirtualAddress } from '@osi-linux/core';

/** A thread, by the values that identify it among all that live. */
export interface CountedTask {
  readonly taskd: VirtualAddress;
  /** Its id; `null` if that could not be read. */
  readonly tid: number | null;
}

/** Compares how many threads were seen with how many the kernel has started (`total_forks`). */
export class TaskCount {
  private readonly wordBits: number;
  private seen = new Set<string>();
  private fresh = 0;
  private first: bigint | undefined;
  private missedCount: number | undefined;

  /** `wordBits` are those of the kernel's `unsigned long`, in which it counts. */
  constructor(wordBits: number) {
    this.wordBits = wordBits;
  }

  /**
   * How many threads came and went unseen up to the last listing; `undefined` if the kernel's count is not
   * known.
   */
  get missed(): number | undefined {
    return this.missedCount;
  }

  /** A thread was seen to run. */
  see({ taskd, tid }: CountedTask): void {
    const key = `${taskd}/${tid}`;
    // The idle threads are not in the listing, and were started before all others.
    if (tid === null || tid === 0 || this.seen.has(key)) return;
    this.seen.add(key);
    this.fresh += 1;
  }

  /** Every thread that lives now, and how many were ever started; the first time it is counted from there. */
  seeAll(tasks: readonly CountedTask[], forks: bigint): void {
    if (this.first === undefined) this.first = forks;
    else for (const task of tasks) this.see(task);
    // Ended threads are not seen again.
    this.seen = new Set(tasks.map(({ taskd, tid }) => `${taskd}/${tid}`));
    const started = Number(BigInt.asUintN(this.wordBits, forks - this.first));
    this.missedCount = Math.max(0, started - this.fresh);
  }
}
