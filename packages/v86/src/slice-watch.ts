import { OsiError } from '@osi-linux/core';
import { isInsideSlice } from './internal/machine';
import type { V86Emulator } from './v86-emulator';

/** How to call between time slices. */
export interface SliceWatchOptions {
  /** Milliseconds from the end of one call to the next, at least: a whole number from 0. Default: 10. */
  readonly everyMs?: number | undefined;
  /**
   * Called with the error that the listener throws, once: the calls end then. If it is absent, the error is
   * thrown from the timer.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** setTimeout of Node and of every browser takes no more. */
const LONGEST_MS = 0x7fffffff;

/**
 * Calls a listener again and again between two time slices of an emulator, while it runs; the returned
 * function ends it.
 *
 * The guest stands still during a call, and runs on in between: a short-lived process there is not seen. In
 * Node the timer keeps the program alive until it is ended.
 *
 * @throws OsiError `V86_INTERVAL_INVALID`; `V86_NOT_READY` and `V86_UNKNOWN` as `openV86`.
 *
 * @example
 * ```ts
 * const emulator = { is_running: () => true, v86: { idle: true, cpu: {} } };
 * const stop = watchSlices(emulator, () => undefined, { everyMs: 5 });
 * stop();
 * watchSlices(emulator, () => undefined, { everyMs: -1 }) // throws V86_INTERVAL_INVALID
 * ```
 */
export function watchSlices(
  emulator: V86Emulator,
  listener: () => void,
  { everyMs = 10, onError }: SliceWatchOptions = {},
): () => void {
  if (!Number.isInteger(everyMs) || everyMs < 0 || everyMs > LONGEST_MS) throw intervalInvalid(everyMs);
  isInsideSlice(emulator);
  let ended = false;
  const call = (): void => {
    if (ended) return;
    try {
      if (emulator.is_running() && !isInsideSlice(emulator)) listener();
    } catch (error) {
      ended = true;
      if (onError === undefined) throw error;
      onError(error);
      return;
    }
    if (!ended) timer = setTimeout(call, everyMs);
  };
  let timer = setTimeout(call, everyMs);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

function intervalInvalid(everyMs: number): OsiError {
  return new OsiError('V86_INTERVAL_INVALID', `cannot wait ${everyMs} ms: expected a whole number from 0`, {
    hint: '10 is a good interval; 0 calls every time the emulator lets other code run',
    fields: { everyMs },
  });
}
