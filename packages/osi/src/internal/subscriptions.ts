import { OsiError } from '@osi-linux/core';
import type { OsiEvents, OsiListener } from '../osi-events';

interface Subscription {
  readonly name: keyof OsiEvents;
  readonly call: (event: never) => void;
}

/** The listeners of each event. */
export class Subscriptions {
  private readonly all = new Set<Subscription>();

  /** Adds a listener; the returned function removes it, however often it is called. */
  add<Name extends keyof OsiEvents>(name: Name, listener: OsiListener<Name>): () => void {
    const subscription = { name, call: listener };
    this.all.add(subscription);
    return () => {
      this.all.delete(subscription);
    };
  }

  /**
   * Tells every listener of an event, in the order of their subscription. One that throws does not keep it from the rest;
   * one that is added meanwhile hears of the next event, one that is taken away meanwhile of none.
   *
   * @throws OsiError `OSI_LISTENER_FAILED` once all were told, where any threw.
   */
  notify<Name extends keyof OsiEvents>(name: Name, event: OsiEvents[Name]): void {
    const errors: unknown[] = [];
    for (const subscription of [...this.all]) {
      if (subscription.name !== name || !this.all.has(subscription)) continue;
      try {
        (subscription.call as OsiListener<Name>)(event);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw listenerFailure(name, errors);
  }
}

function listenerFailure(event: string, errors: readonly unknown[]): OsiError {
  const [first] = errors;
  const said = first instanceof Error ? first.message : String(first);
  const count = errors.length === 1 ? 'a listener' : `${errors.length} listeners`;
  return new OsiError('OSI_LISTENER_FAILED', `${count} of ${event} threw: ${said}`, {
    hint: 'every other listener was called; correct the one that threw, or catch its errors inside it',
    cause: first,
    fields: { event, errors },
  });
}
