/**
 * A clock that stands. If it is due, a sleeper is woken at the end of its time, at once.
 *
 * A sleeper may be woken early, as one on the machine's clock may be: it reads the time again.
 */
export class TurnedClock {
  private time = 0;
  private readonly isDue: () => boolean;

  /** `isDue` means that nothing comes any more, however long one waits. Default: never. */
  constructor(isDue: () => boolean = () => false) {
    this.isDue = isDue;
  }

  /** How many milliseconds it was turned. */
  now(): number {
    return this.time;
  }

  sleep(flags: Int32Array<SharedArrayBuffer>, index: number, value: number, milliseconds: number): void {
    const outcome = Atomics.wait(flags, index, value, LOOK_EVERY_MS);
    if (outcome === 'timed-out' && this.isDue()) this.time += milliseconds;
  }
}

/** How long it waits on the machine's clock before it asks whether it is due. */
const LOOK_EVERY_MS = 20;
