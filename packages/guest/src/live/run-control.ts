import type { OsiError, VirtualAddress } from '@osi-linux/core';

/** Why a guest stands. */
export interface GuestStop {
  /** `outside` if neither a breakpoint nor the watch stopped it. */
  readonly reason: 'breakpoint' | 'outside';
  /** Number of the processor, as the source counts them; `undefined` if it is not known. */
  readonly cpu: number | undefined;
}

/**
 * The control that stops a live guest and lets it run on; `LiveGuest` of `@osi-linux/qemu` is one. All of it
 * may throw `OsiError`.
 */
export interface RunControl {
  /** Why nothing can be read any more; `undefined` as long as it can. */
  readonly failure?: OsiError | undefined;
  /**
   * Stops the guest, and drops the cached memory and registers; `again` reads at once the memory that was
   * read during the stop before.
   */
  stop(again?: boolean): void;
  /** Lets it run on, where it was stopped here. */
  cont(): void;
  /** Waits until it stands, at most this many milliseconds; `undefined` if it still runs. */
  waitForStop?(timeoutMs: number): GuestStop | undefined;
  /** Stops the guest whenever a processor comes to a kernel address. */
  setBreakpoint?(address: VirtualAddress): void;
  /** Takes a breakpoint away. */
  clearBreakpoint?(address: VirtualAddress): void;
}
