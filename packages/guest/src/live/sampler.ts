import { type Listing, OsiError } from '@osi-linux/core';
import { type OsiEvent, ProcessChanges, type ProcessMoment } from '@osi-linux/osi';
import type { Guest } from '../guest';

/**
 * Turns readings of a guest that runs into the events of its OSI API.
 *
 * Call {@link sample} again and again, each time while the guest stands still; `guest.osi.on` subscribes to
 * the events. A thread that starts and ends between two samples is not seen: {@link missed} counts it.
 *
 * @example
 * ```ts
 * declare const guest: Guest;
 * const sampler = new GuestSampler(guest);
 * const started = [];
 * guest.osi.on('process-start', ({ pid }) => started.push(pid));
 * sampler.sample() // => []
 * sampler.sample() // => []
 * [started.length, sampler.missed] // => [0, 0]
 * ```
 */
export class GuestSampler {
  private readonly guest: Guest;
  private readonly changes = new ProcessChanges();

  constructor(guest: Guest) {
    this.guest = guest;
  }

  /** How many threads came and went unseen since the first sample, at least; `undefined` before it. */
  get missed(): number | undefined {
    return this.changes.missed;
  }

  /**
   * Drops the memory cached before, reads the guest, and calls its listeners with each change: ends, starts,
   * execs, then processors. Nothing at the first sample, and nothing while the guest still boots.
   *
   * @throws OsiError `OSI_LISTENER_FAILED` where a listener threw, after all were told of everything.
   */
  sample(): readonly OsiEvent[] {
    const { memory, osi, linux } = this.guest;
    memory.flush();
    osi.refresh();
    if (linux.whyNotReady() !== undefined) return [];
    const events = this.changes.add(readMoment(this.guest));
    tellListeners(this.guest, events);
    return events;
  }
}

/**
 * Calls the listeners for all events.
 *
 * @throws OsiError `OSI_LISTENER_FAILED` once all were told, where one threw.
 */
export function tellListeners(guest: Guest, events: readonly OsiEvent[]): void {
  const failures = events.map((event) => tryNotify(guest, event)).filter((error) => error !== undefined);
  if (failures[0] !== undefined) throw failures[0];
}

/** Reads the processes of a guest that stands still. */
export function readMoment({ linux }: Guest): ProcessMoment {
  const processes = linux.getProcesses();
  const threads = linux.getThreads();
  const ids = threads.map(({ tid }) => tid).filter((tid) => tid !== null);
  return {
    processes,
    complete: hasEveryRow(processes),
    running: linux.getCurrent(),
    ids: hasEveryRow(threads) ? ids : undefined,
  };
}

/** Missing fields of a row that is there do not make the listing incomplete. */
function hasEveryRow({ skipped }: Listing<unknown>): boolean {
  return skipped.every(({ subject }) => subject.field !== undefined);
}

function tryNotify({ osi }: Guest, change: OsiEvent): OsiError | undefined {
  try {
    if (change.name === 'task-change') osi.notify(change.name, change.event);
    else osi.notify(change.name, change.event);
    return undefined;
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return error;
  }
}
