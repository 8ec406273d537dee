import { OsiError, type VirtualAddress } from '@osi-linux/core';
import type { OsiEvent } from '@osi-linux/osi';
import type { Guest } from '../guest';
import { type Breakpoints, findWatchSymbols } from './breakpoints';
import type { GuestStop, RunControl } from './run-control';
import { WatchSampler } from './watch-sampler';

/** How a live guest is watched. */
export interface GuestWatchOptions {
  /** Milliseconds from one whole reading to the next: a whole number from 1. Default: 100, and 1000 beside breakpoints. */
  readonly intervalMs?: number | undefined;
  /**
   * Where breakpoints stop the guest, so that nothing is missed: at all switches of tasks, or, which is much
   * faster, only where processes start, execute and exit: then there is no `task-change`. Without breakpoints
   * it is read again and again, and the threads that started and ended in between are counted.
   */
  readonly breakpoints?: Breakpoints | undefined;
}

const INTERVAL_MS = 100;
const WHOLE_INTERVAL_MS = 1000;
const LONGEST_MS = 0x7fffffff;
/** How long breakpoints are followed before other code gets its turn. */
const TURN_MS = 50;

/**
 * Watches a live guest: each event of its OSI API as it comes, by `for await`, and for the listeners of
 * `osi.on`.
 *
 * It ends by {@link end} or by leaving the loop; the guest then runs on without breakpoints. The start of a
 * process that stays is reported before its end. With breakpoints a guest that someone else stops is
 * continued.
 *
 * @example
 * ```ts
 * declare const guest: Guest;
 * const clock = { stop: () => undefined, cont: () => undefined };
 * const watch = new GuestWatch(guest, clock, { intervalMs: 50 });
 * const follow = async () => {
 *   for await (const { name, event } of watch) console.log(name, event.taskd);
 * };
 * void follow();
 * [watch.missed, watch.missedBy] // => [0, 'ids']
 * watch.end();
 * new GuestWatch(guest, clock, { breakpoints: 'switches' }) // throws SWITCHES_NOT_CAUGHT
 * ```
 */
export class GuestWatch implements AsyncIterable<OsiEvent> {
  private readonly guest: Guest;
  private readonly clock: RunControl;
  private readonly intervalMs: number;
  private readonly places: Breakpoints | undefined;
  private sampler: WatchSampler | undefined;
  private hooks: readonly VirtualAddress[] = [];
  private ended = false;
  private wake: () => void = () => undefined;
  private readingCount = 0;

  /** @throws OsiError `WATCH_INTERVAL_INVALID`, `SWITCHES_NOT_CAUGHT` where the clock has no breakpoints. */
  constructor(guest: Guest, clock: RunControl, { intervalMs, breakpoints }: GuestWatchOptions = {}) {
    this.guest = guest;
    this.clock = clock;
    this.places = breakpoints;
    this.intervalMs = intervalMs ?? (breakpoints === undefined ? INTERVAL_MS : WHOLE_INTERVAL_MS);
    if (!Number.isInteger(this.intervalMs) || this.intervalMs < 1 || this.intervalMs > LONGEST_MS)
      throw intervalInvalid(this.intervalMs);
    if (breakpoints !== undefined && (clock.setBreakpoint === undefined || clock.waitForStop === undefined))
      throw notCaught();
  }

  /**
   * How many threads came and went unseen since the watch began, as of the last whole reading; `undefined`
   * before it, and if the number is not known.
   */
  get missed(): number | undefined {
    if (this.places !== undefined) return this.sampler?.missedByCount;
    return this.sampler?.missedByCount ?? this.sampler?.missedByIds;
  }

  /**
   * The source of the count {@link missed}: the kernel's own count of threads, or gaps in their ids, at
   * least.
   */
  get missedBy(): 'total_forks' | 'ids' | undefined {
    if (this.sampler?.missedByCount !== undefined) return 'total_forks';
    return this.missed === undefined ? undefined : 'ids';
  }

  /** How often the guest was read: whole, or at a breakpoint. */
  get readings(): number {
    return this.readingCount;
  }

  /** Ends the watch after a last reading. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  /** The events from now on. @throws OsiError what goes wrong with the guest; `SWITCH_HOOK_UNKNOWN`; as listeners do. */
  async *[Symbol.asyncIterator](): AsyncGenerator<OsiEvent, void, undefined> {
    try {
      const sampler = this.begin();
      let last = performance.now();
      while (!this.ended) {
        await this.pause(this.places === undefined ? this.intervalMs : 0);
        if (this.ended) break;
        if (this.places !== undefined) yield* this.followStops(sampler);
        if (performance.now() - last < this.intervalMs - 1) continue;
        yield* this.readWhole(sampler);
        last = performance.now();
      }
      yield* this.readWhole(sampler);
    } finally {
      this.letGo();
    }
  }

  private begin(): WatchSampler {
    this.clock.stop();
    const { hooks, forksAt } = findWatchSymbols(this.guest, this.places);
    this.checkFailure();
    const sampler = new WatchSampler(this.guest, forksAt, this.places);
    sampler.sample();
    this.checkFailure();
    this.hooks = hooks;
    for (const hook of hooks) this.clock.setBreakpoint?.(hook);
    this.sampler = sampler;
    this.clock.cont();
    return sampler;
  }

  private readWhole(sampler: WatchSampler): readonly OsiEvent[] {
    try {
      this.clock.stop(true);
      this.readingCount += 1;
      const events = sampler.sample();
      // Rows out of memory that can no longer be read show nothing.
      this.checkFailure();
      return events;
    } finally {
      if (this.clock.failure === undefined) this.clock.cont();
    }
  }

  /** The stops at the breakpoints within a moment. */
  private *followStops(sampler: WatchSampler): Generator<OsiEvent> {
    const end = performance.now() + TURN_MS;
    for (let left = TURN_MS; left > 0 && !this.ended; left = end - performance.now()) {
      const stop = this.clock.waitForStop?.(left);
      if (stop === undefined) return;
      try {
        this.readingCount += 1;
        const events = this.readAt(sampler, stop);
        this.checkFailure();
        yield* events;
      } finally {
        if (this.clock.failure === undefined) this.clock.cont();
      }
    }
  }

  private readAt(sampler: WatchSampler, { reason, cpu }: GuestStop): readonly OsiEvent[] {
    if (reason === 'outside' || cpu === undefined) return sampler.sample();
    return this.places === 'processes' ? sampler.sampleThread(cpu) : sampler.sampleSwitch(cpu);
  }

  private checkFailure(): void {
    const { failure } = this.clock;
    if (failure !== undefined) throw failure;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private letGo(): void {
    if (this.clock.failure !== undefined) return;
    try {
      if (this.hooks.length > 0) this.clock.stop();
      for (const hook of this.hooks) this.clock.clearBreakpoint?.(hook);
      this.hooks = [];
    } finally {
      this.clock.cont();
    }
  }
}

function intervalInvalid(intervalMs: number): OsiError {
  return new OsiError(
    'WATCH_INTERVAL_INVALID',
    `cannot read every ${intervalMs} ms: expected a whole number from 1`,
    {
      hint: '100 is a good interval; a shorter one misses fewer processes and slows the guest down more',
      fields: { intervalMs },
    },
  );
}

function notCaught(): OsiError {
  return new OsiError(
    'SWITCHES_NOT_CAUGHT',
    'cannot catch task switches: this source does not support breakpoints',
    {
      hint: 'give the gdb stub of the guest, or watch without breakpoints',
    },
  );
}
