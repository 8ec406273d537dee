import { type Answer, type Listing, OsiError } from '@osi-linux/core';
import type { OsiProvider } from './osi-provider';
import type { OsiProc, OsiThread } from './osi-types';

type Call = Exclude<keyof OsiProvider, 'name'>;

/**
 * The OSI API: what runs inside a guest, whatever its operating system.
 *
 * Knows no operating system itself: each call goes to the provider that was registered last and implements it,
 * as PANDA's last writer wins.
 *
 * @example
 * ```ts
 * const osi = new Osi();
 * osi.getProcesses() // throws OSI_CALL_NOT_PROVIDED
 * osi.register({ name: 'two_threads', getCurrentThread: (cpu) => ({ pid: 7, tid: 7 + cpu }) });
 * osi.getCurrentThread(1) // => { pid: 7, tid: 8 }
 * ```
 */
export class Osi {
  readonly #providers: OsiProvider[] = [];

  /** Adds a provider, whose calls take precedence over those of the ones before it. */
  register(provider: OsiProvider): void {
    this.#providers.unshift(provider);
  }

  /**
   * Every process of the guest, with what could not be read beside the rows.
   *
   * Corresponds to PANDA's `get_processes`. @throws OsiError `OSI_CALL_NOT_PROVIDED`.
   */
  getProcesses(): Listing<OsiProc> {
    return this.#call('getProcesses')();
  }

  /**
   * The process that runs on a processor. Corresponds to PANDA's `get_current_process`.
   *
   * @throws OsiError `OSI_CALL_NOT_PROVIDED`, or why it cannot be told.
   */
  getCurrentProcess(cpu = 0): Answer<OsiProc> {
    return this.#call('getCurrentProcess')(cpu);
  }

  /**
   * The thread that runs on a processor. Corresponds to PANDA's `get_current_thread`.
   *
   * @throws OsiError `OSI_CALL_NOT_PROVIDED`, or why it cannot be told.
   */
  getCurrentThread(cpu = 0): OsiThread {
    return this.#call('getCurrentThread')(cpu);
  }

  #call<Name extends Call>(name: Name): NonNullable<OsiProvider[Name]> {
    const provider = this.#providers.find((candidate) => candidate[name] !== undefined);
    const call = provider?.[name];
    if (call !== undefined) return call.bind(provider) as NonNullable<OsiProvider[Name]>;
    const names = this.#providers.map((candidate) => candidate.name);
    throw new OsiError('OSI_CALL_NOT_PROVIDED', `no provider answers ${name}`, {
      hint:
        names.length === 0
          ? 'register a provider first: osi.register(...)'
          : `registered without it: ${names.join(', ')}`,
      fields: { call: name, providers: names },
    });
  }
}
