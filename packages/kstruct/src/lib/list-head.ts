import {
  formatAddress,
  formatSubject,
  OsiError,
  offsetAddress,
  type SkippedLog,
  type Subject,
  type VirtualAddress,
} from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';

/** More entries than any list of tasks can have: the kernel's PID_MAX_LIMIT on 64 bit. */
const LIST_LIMIT = 4 * 1024 * 1024;

/** A `struct list_head` to walk. */
export interface ListHead {
  /** Virtual address of the head, which is not an entry itself. */
  readonly head: VirtualAddress;
  /** The name of the list in a report: `task_struct.tasks`. */
  readonly name: string;
  /** The structure whose list it is, where each of them has one. */
  readonly holder?: {
    /** Its C name: `mount`. */
    readonly struct: string;
    /** Its virtual address. */
    readonly address: VirtualAddress;
  };
}

/** A list with the offset of its `list_head` in each entry. */
interface EntryList extends ListHead {
  readonly offset: number;
}

/**
 * Walks a `struct list_head` from its head and yields the address of each entry's `list_head`, in order.
 *
 * Trusts no pointer: an entry is yielded when its `prev` names the entry before it, which also ends every cycle, and the
 * head must name the last one.
 * Where the forward walk breaks, the list is walked from its other end up to the break, and the part between
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
  const entries = new ListEntries(kernel, { ...list, offset: 0 }, skipped);
  for (let entry = entries.next(); entry !== undefined; entry = entries.next()) yield entry.address;
}

/**
 * The entries of the same walk as structures, `offset` before their `list_head`, with the pages that the walk has read;
 * and without the cost of a generator for each entry.
 */
export class ListEntries {
  private readonly kernel: Kernel;
  private readonly list: EntryList;
  private readonly skipped: SkippedLog;
  private readonly forward: LinkWalk;
  private readonly seen: VirtualAddress[] = [];
  /**
   * The entries that were found from the other end, the next one last; once it is there, nothing else is
   * walked.
   */
  private tail: StructView[] | undefined;

  constructor(kernel: Kernel, list: EntryList, skipped: SkippedLog) {
    this.kernel = kernel;
    this.list = list;
    this.skipped = skipped;
    this.forward = new LinkWalk(kernel, list, 'next');
    this.tail = undefined;
  }

  /** The next entry; `undefined` after the last one. */
  next(): StructView | undefined {
    if (this.tail !== undefined) return this.tail.pop();
    const entry = this.forward.step();
    if (entry === undefined) {
      this.tail = this.forward.broken === undefined ? [] : this.walkBack(this.forward.broken);
      return this.tail.pop();
    }
    if (this.seen.length >= LIST_LIMIT) {
      this.skipped.add(subjectOf(this.list), tooLong(this.list));
      this.tail = [];
      return undefined;
    }
    this.seen.push(this.forward.node);
    return entry;
  }

  private walkBack(broken: Break): StructView[] {
    const { list, skipped } = this;
    const backward = new LinkWalk(this.kernel, list, 'prev');
    const known = new Set(this.seen);
    const tail: StructView[] = [];
    let last = list.head;
    for (let entry = backward.step(); entry !== undefined; entry = backward.step()) {
      if (known.has(backward.node) || tail.length >= LIST_LIMIT) break;
      tail.push(entry);
      last = backward.node;
    }
    // A guest stopped between the two writes of list_add or list_del looks broken here and has lost nothing.
    const farEnd = backward.broken?.target ?? list.head;
    const joined = broken.target === last && (farEnd === list.head || known.has(farEnd));
    if (!joined || !broken.read) skipped.add(subjectOf(list), broken.reason);
    return tail;
  }
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
  /** The `list_head` that was reached. */
  node: VirtualAddress;
  private readonly kernel: Kernel;
  private readonly head: VirtualAddress;
  private readonly offset: bigint;
  private readonly ahead: number;
  private readonly back: number;
  private at: StructView;

  constructor(kernel: Kernel, { head, offset }: EntryList, direction: 'next' | 'prev') {
    const word = kernel.memory.architecture.wordSize;
    this.broken = undefined;
    this.node = head;
    this.kernel = kernel;
    this.head = head;
    this.offset = BigInt(offset);
    this.ahead = direction === 'next' ? offset : offset + word;
    this.back = direction === 'next' ? offset + word : offset;
    this.at = new StructView(kernel.memory, offsetAddress(head, -offset));
  }

  /** The following entry, or `undefined` at the head or at a break. */
  step(): StructView | undefined {
    const from = this.node;
    let target = from;
    try {
      target = this.at.word(this.ahead);
      const entry = new StructView(this.kernel.memory, BigInt.asUintN(64, target - this.offset));
      const back = entry.word(this.back);
      if (back !== from) throw inconsistent(from, target, back);
      if (target === this.head) return undefined;
      this.at = entry;
      this.node = target;
      return entry;
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      const read = error.code === 'LIST_INCONSISTENT';
      this.broken = { target, read, reason: read ? error : this.faultOf(from, target, error) };
      return undefined;
    }
  }

  /** The fault in the words of the `list_head` that could not be read, not of the structure around it. */
  private faultOf(from: VirtualAddress, target: VirtualAddress, error: OsiError): OsiError {
    const { memory } = this.kernel;
    const node = target === from ? from : target;
    return memory.page(node) === undefined ? memory.fault(node) : error;
  }
}

function inconsistent(at: VirtualAddress, target: VirtualAddress, back: VirtualAddress): OsiError {
  return new OsiError(
    'LIST_INCONSISTENT',
    `list broken: ${formatAddress(at)} points to ${formatAddress(target)}, which points back to ${formatAddress(back)}`,
    { hint: 'the dump is damaged there, or the guest ran while it was dumped', fields: { at, target, back } },
  );
}

function subjectOf({ name, holder }: ListHead): Subject {
  return { kind: 'list', name, ...holder };
}

function tooLong(list: ListHead): OsiError {
  return new OsiError(
    'LIST_TOO_LONG',
    `${formatSubject(subjectOf(list))} has more than ${LIST_LIMIT} entries`,
    {
      hint: 'the dump is damaged, or the profile is of another kernel',
      fields: { head: list.head, limit: LIST_LIMIT },
    },
  );
}
