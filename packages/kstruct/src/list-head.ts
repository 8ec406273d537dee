import { formatAddress, OsiError, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import type { Kernel } from './kernel';
import { StructView } from './struct-view';

/** More entries than any list of tasks can have: the kernel's PID_MAX_LIMIT on 64 bit. */
const LIST_LIMIT = 4 * 1024 * 1024;

/** A `struct list_head` to walk. */
export interface ListHead {
  /** Virtual address of the head, which is no entry itself. */
  readonly head: VirtualAddress;
  /** What the list is called in a report: `task_struct.tasks`. */
  readonly name: string;
}

/**
 * Walks a `struct list_head` from its head and yields the address of each entry's `list_head`, in order.
 *
 * Trusts no pointer: an entry is yielded when its `prev` names the entry before it, which also ends every cycle, and the
 * head must name the last one.
 * Where the forward walk breaks, the list is walked from its other end up to the break, and what lies between
 * is reported to `skipped`.
 *
 * Corresponds to `list_for_each`. Source: `include/linux/list.h`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const head = findInitTask(kernel).listHead('task.tasks_offset');
 * const nodes = [...eachListEntry(kernel, { head, name: 'task_struct.tasks' }, new SkippedLog())];
 * nodes.length > 50 // => true
 * ```
 */
export function* eachListEntry(
  kernel: Kernel,
  list: ListHead,
  skipped: SkippedLog,
): Generator<VirtualAddress> {
  const seen: VirtualAddress[] = [];
  const forward = new LinkWalk(kernel, list.head, 'next');
  for (let node = forward.step(); node !== undefined; node = forward.step()) {
    if (seen.length >= LIST_LIMIT) {
      skipped.add(list.name, tooLong(list));
      return;
    }
    seen.push(node);
    yield node;
  }
  if (forward.broken === undefined) return;

  const backward = new LinkWalk(kernel, list.head, 'prev');
  const known = new Set(seen);
  const tail: VirtualAddress[] = [];
  for (let node = backward.step(); node !== undefined && !known.has(node); node = backward.step()) {
    if (tail.length >= LIST_LIMIT) break;
    tail.push(node);
  }
  // A guest stopped between the two writes of list_add or list_del looks broken here and has lost nothing.
  const farEnd = backward.broken?.target ?? list.head;
  const joined =
    forward.broken.target === (tail[tail.length - 1] ?? list.head) &&
    (farEnd === list.head || known.has(farEnd));
  if (!joined || !forward.broken.read) skipped.add(list.name, forward.broken.reason);
  yield* tail.reverse();
}

interface Break {
  /** The entry that could not be accepted. */
  readonly target: VirtualAddress;
  /** Whether both ends of the broken link could be read. */
  readonly read: boolean;
  readonly reason: OsiError;
}

/** Follows one direction of a list for as long as both directions agree. */
class LinkWalk {
  /** Why the walk ended before it came back to the head. */
  broken: Break | undefined;
  readonly #kernel: Kernel;
  readonly #head: VirtualAddress;
  readonly #ahead: number;
  readonly #back: number;
  #at: VirtualAddress;

  constructor(kernel: Kernel, head: VirtualAddress, direction: 'next' | 'prev') {
    const word = kernel.memory.architecture.wordSize;
    this.#kernel = kernel;
    this.#head = head;
    this.#at = head;
    this.#ahead = direction === 'next' ? 0 : word;
    this.#back = direction === 'next' ? word : 0;
  }

  /** The following entry, or `undefined` at the head or at a break. */
  step(): VirtualAddress | undefined {
    let target = this.#at;
    try {
      target = new StructView(this.#kernel.memory, this.#at).word(this.#ahead);
      const back = new StructView(this.#kernel.memory, target).word(this.#back);
      if (back !== this.#at) throw inconsistent(this.#at, target, back);
      if (target === this.#head) return undefined;
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      this.broken = { target, read: error.code === 'LIST_INCONSISTENT', reason: error };
      return undefined;
    }
    this.#at = target;
    return target;
  }
}

function inconsistent(at: VirtualAddress, target: VirtualAddress, back: VirtualAddress): OsiError {
  return new OsiError(
    'LIST_INCONSISTENT',
    `list broken: ${formatAddress(at)} points at ${formatAddress(target)}, which points back at ${formatAddress(back)}`,
    { hint: 'the dump is damaged there, or the guest ran while it was taken', fields: { at, target, back } },
  );
}

function tooLong(list: ListHead): OsiError {
  return new OsiError('LIST_TOO_LONG', `${list.name} has more than ${LIST_LIMIT} entries`, {
    hint: 'the dump is damaged, or the profile is of another kernel',
    fields: { head: list.head, limit: LIST_LIMIT },
  });
}
