import { attempt, SkippedLog } from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import { layoutOf } from '../kernel/layout';
import type { StructView } from '../kernel/struct-view';
import { ListEntries } from '../lib/list-head';

const NANOSECONDS = 1_000_000_000n;
/** In seconds five days, in nanoseconds half a millisecond: no kernel starts pid 1 that late, or that early. */
const SECONDS_LIMIT = 500_000n;

const known = new WeakMap<Kernel, boolean>();

/**
 * `task_struct.start_time` in ns: a `struct timespec` until Linux commit ccbf62d8a284 ("sched: Make task->start_time
 * nanoseconds based") (in v3.17), nanoseconds since. No key of a section shows which.
 */
export function readStartTime(kernel: Kernel, view: StructView, offset: number): bigint {
  return countsSeconds(kernel) ? readTimespec(view, offset) : view.u64(offset);
}

/** Whether the kernel writes seconds first: its first processes would else have started within a millisecond. */
function countsSeconds(kernel: Kernel): boolean {
  const before = known.get(kernel);
  if (before !== undefined) return before;
  const found = firstStarts(kernel).map(({ seconds, nanoseconds }) => {
    return seconds < SECONDS_LIMIT && nanoseconds > 0n && nanoseconds < NANOSECONDS;
  });
  const counts = found.length > 0 && !found.includes(false);
  known.set(kernel, counts);
  return counts;
}

/** The starts of pid 1 and of the task behind it, read as timespecs. */
function firstStarts(kernel: Kernel): { seconds: bigint; nanoseconds: bigint }[] {
  const { init_addr, start_time_offset } = layoutOf(kernel.info).task;
  const offset = kernel.info['task.tasks_offset'];
  if (init_addr === undefined || start_time_offset === undefined || offset === undefined) return [];
  const starts: { seconds: bigint; nanoseconds: bigint }[] = [];
  const head = init_addr + BigInt(offset);
  const read = () => {
    const entries = new ListEntries(kernel, { head, name: 'task_struct.tasks', offset }, new SkippedLog());
    for (let view = entries.next(); view !== undefined && starts.length < 2; view = entries.next()) {
      const seconds = view.word(start_time_offset);
      const nanoseconds = view.word(start_time_offset + kernel.memory.architecture.wordSize);
      starts.push({ seconds, nanoseconds });
    }
  };
  attempt(read, () => undefined);
  return starts;
}

function readTimespec(view: StructView, offset: number): bigint {
  const wordSize = view.is64Bit ? 8 : 4;
  return view.word(offset) * NANOSECONDS + view.word(offset + wordSize);
}
