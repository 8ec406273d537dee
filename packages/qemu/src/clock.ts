/** The time that a connection waits by: that of the machine, or one that a test turns. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Sleeps while `flags[index]` is `value`, at most so many milliseconds. */
  sleep(flags: Int32Array<SharedArrayBuffer>, index: number, value: number, milliseconds: number): void;
}

/** The monotonic clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (flags, index, value, milliseconds) => void Atomics.wait(flags, index, value, milliseconds),
};
