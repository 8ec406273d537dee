import { type Clock, systemClock } from '../clock';

/** A moment on a clock until which something may take. */
export class Deadline {
  readonly timeoutMs: number;
  private readonly clock: Clock;
  private readonly end: number;

  constructor(timeoutMs: number, clock: Clock = systemClock) {
    this.timeoutMs = timeoutMs;
    this.clock = clock;
    this.end = clock.now() + timeoutMs;
  }

  /** Milliseconds that are left; 0 where none are. */
  get left(): number {
    return Math.max(0, this.end - this.clock.now());
  }
}
