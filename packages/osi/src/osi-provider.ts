import type { Answer, Listing } from '@osi-linux/core';
import type { OsiProc, OsiThread } from './osi-types';

/**
 * What an operating system answers. A provider implements the calls that it can; the rest stay away.
 *
 * `cpu` is the number of a processor, from 0.
 */
export interface OsiProvider {
  /** Name of the provider, for messages: `osi_linux`. */
  readonly name: string;
  /** Every process of the guest. Corresponds to PANDA's `on_get_processes`. */
  getProcesses?(): Listing<OsiProc>;
  /** The process that runs on a processor. Corresponds to PANDA's `on_get_current_process`. */
  getCurrentProcess?(cpu: number): Answer<OsiProc>;
  /** The thread that runs on a processor. Corresponds to PANDA's `on_get_current_thread`. */
  getCurrentThread?(cpu: number): OsiThread;
}
