import { type Clock, systemClock } from '../clock';

/** A moment on a clock until which something may take. */
export class Deadline {
  readonly timeoutMs: number;
  private readonly clock: Clock;
  private readonly end: number;
  private late = false;

  constructor(timeoutMs: number, clock: Clock = systemClock) {
    this.timeoutMs = timeoutMs;
    this.clock = clock;
    this.end = clock.now() + timeoutMs;
  }

  /** Whether to read on: until the moment, then once more, for bytes that came before it. */
  readsOn(): boolean {
    const readsOn = !this.late;
    this.late = this.left === 0;
    return readsOn;
  }

  /** Milliseconds that are left; 0 where none are. */
  get left(): number {
    return Math.max(0, this.end - this.clock.now());
  }
}
