/** A record of the kernel log to lay out. */
export interface LogPlan {
  /** When it was printed, in ns; whole microseconds, as the older logs have no more. */
  readonly time: bigint;
  readonly level: number;
  readonly text: string;
}

/** The records of the guest, the oldest first. */
export const LOG: readonly LogPlan[] = [
  { time: 0n, level: 5, text: 'Linux version of a layout' },
  { time: 1_234_567_000n, level: 6, text: 'a second record, of a length that is not a multiple of four' },
  { time: 2_000_001_000n, level: 3, text: 'a line\nand another line of the same record' },
  { time: 98_765_432_100_000n, level: 7, text: 'the last one: ünï' },
];
