/** A moment on the monotonic clock until which something may take. */
export class Deadline {
  readonly timeoutMs: number;
  private readonly end: number;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.end = performance.now() + timeoutMs;
  }

  /** Milliseconds that are left; 0 where none are. */
  get left(): number {
    return Math.max(0, this.end - performance.now());
  }
}
