import type { VirtualAddress } from '@osi-linux/core';
import type { OsiEvent, OsiRunningTask } from './osi-events';
import type { OsiProc } from './osi-types';

/** The readings of a guest at one moment, while it stood still. */
export interface ProcessMoment {
  /** Every process. */
  readonly processes: readonly OsiProc[];
  /** Whether nothing of that listing is missing: only then has a process ended that it does not show. */
  readonly complete: boolean;
  /** The process that each processor runs. */
  readonly running: readonly OsiRunningTask[];
  /**
   * The ids of all threads, those of processes included, where the guest gives ids in ascending order as Linux does: the
   * gaps show the threads that came and went unseen. Absent if they are not known.
   */
  readonly ids?: readonly number[] | undefined;
}

type Processes = ReadonlyMap<VirtualAddress, OsiProc>;

/**
 * Turns readings of a guest at one moment after the other into events.
 *
 * A process stays the same one while its `taskd`, `pid` and `createTime` do; where one of the latter two could not be
 * read, the rest decides. `exec` is reported for a program whose name or page table is another one than
 * before, so also for one that gave itself another name; threads of the kernel have none. The page table
 * comes first in an exec and the name a little later: while the name is the old one, the event waits a
 * moment. Threads that came and went between two moments have no events: {@link missed} counts them.
 *
 * @example
 * ```ts
 * const shell = { taskd: 0x1000n, pgd: 1n, asid: null, pid: 812, ppid: 1, name: 'sh', createTime: 7n };
 * const changes = new ProcessChanges();
 * changes.add({ processes: [shell], complete: true, running: [], ids: [812] }) // => []
 * const [exec] = changes.add({ processes: [{ ...shell, name: 'ls' }], complete: true, running: [], ids: [812] });
 * [exec.name, exec.event.pid, exec.event.name] // => ['exec', 812, 'ls']
 * const ls = { ...shell, taskd: 0x2000n, pid: 815 };
 * const events = changes.add({ processes: [ls], complete: true, running: [], ids: [815] });
 * events.map(({ name, event }) => `${name} ${event.pid}`) // => ['process-end 812', 'process-start 815']
 * changes.missed // => 2
 * ```
 */
export class ProcessChanges {
  private processes: Processes | undefined;
  /** Those that were about to exec: in another address space, and with the old name. */
  private unnamed: ReadonlySet<VirtualAddress> = new Set();
  private running: ReadonlyMap<number, OsiRunningTask> = new Map();
  private ids: ReadonlySet<number> | undefined;
  private highestId = 0;
  private missedCount: number | undefined;

  /**
   * How many threads came and went unseen since the first moment, at least: ids that were given, as a higher one shows,
   * and that no moment had. The newest count only once a later one is seen. `undefined` if no ids were given.
   */
  get missed(): number | undefined {
    return this.missedCount;
  }

  /** The changes since the moment before, ends first; nothing at the first. */
  add(moment: ProcessMoment): OsiEvent[] {
    const now = new Map<VirtualAddress, OsiProc>();
    for (const row of moment.processes)
      if (!now.has(row.taskd)) now.set(row.taskd, withKnown(row, this.processes));
    if (moment.ids !== undefined) this.countMissed(moment.ids, moment.complete);
    const events = this.processes === undefined ? [] : this.compare(this.processes, now, moment.complete);
    if (!moment.complete) keepUnseen(this.processes, now);
    this.processes = now;
    const running = new Map(moment.running.map((task) => [task.cpu, task]));
    const changed = moment.running.filter((task) => runsAnother(this.running.get(task.cpu), task));
    this.running = moment.complete ? running : new Map([...this.running, ...running]);
    return [...events, ...changed.map((task) => taskChange(task))];
  }

  private compare(before: Processes, now: Processes, complete: boolean): OsiEvent[] {
    const ends: OsiEvent[] = [];
    const execs: OsiEvent[] = [];
    const unnamed = new Set<VirtualAddress>();
    for (const [taskd, row] of before) {
      const found = now.get(taskd);
      if (found === undefined ? complete : !isSame(row, found))
        ends.push({ name: 'process-end', event: row });
      else if (found === undefined) continue;
      else if (isRenamed(row, found) || this.unnamed.has(taskd)) execs.push({ name: 'exec', event: found });
      else if (isMoved(row, found)) unnamed.add(taskd);
    }
    this.unnamed = unnamed;
    return [...ends, ...startsOf(before, now), ...execs];
  }

  private countMissed(all: readonly number[], complete: boolean): void {
    const before = this.ids;
    const now = new Set(all);
    const fresh = before === undefined ? all : [...now].filter((id) => !before.has(id));
    const highest = fresh.reduce((top, id) => Math.max(top, id), 0);
    if (before === undefined) this.missedCount = 0;
    else if (highest > this.highestId) {
      const seen = fresh.filter((id) => id > this.highestId).length;
      this.missedCount = (this.missedCount ?? 0) + highest - this.highestId - seen;
    }
    // All new ones below the highest: the kernel ran out of higher ids, and began anew.
    if (highest > 0) this.highestId = highest;
    this.ids = complete || before === undefined ? now : new Set([...before, ...now]);
  }
}

/** A field that could be read before, and now could not, stays as it was. */
function withKnown(row: OsiProc, before: Processes | undefined): OsiProc {
  if (row.pid !== null && row.createTime !== null && row.name !== null) return row;
  const known = before?.get(row.taskd);
  if (known === undefined || !isSame(known, row)) return row;
  return {
    ...row,
    pid: row.pid ?? known.pid,
    createTime: row.createTime ?? known.createTime,
    name: row.name ?? known.name,
  };
}

function startsOf(before: Processes, now: Processes): OsiEvent[] {
  const isNew = (row: OsiProc) => {
    const known = before.get(row.taskd);
    return known === undefined || !isSame(known, row);
  };
  return [...now.values()].filter(isNew).map((event) => ({ name: 'process-start', event }));
}

function keepUnseen(before: Processes | undefined, now: Map<VirtualAddress, OsiProc>): void {
  for (const [taskd, row] of before ?? []) if (!now.has(taskd)) now.set(taskd, row);
}

/** Whether two rows of one descriptor are of one process. */
function isSame(one: OsiProc, other: OsiProc): boolean {
  const agree = <Value>(a: Value | null, b: Value | null) => a === null || b === null || a === b;
  return agree(one.pid, other.pid) && agree(one.createTime, other.createTime);
}

/** Whether a program has another name; threads of the kernel have no page table. */
function isRenamed(before: OsiProc, now: OsiProc): boolean {
  if (before.pgd === null && now.pgd === null) return false;
  return before.name !== null && now.name !== null && before.name !== now.name;
}

/** Whether it has another page table. It has none once it exits, or where that could not be read. */
function isMoved(before: OsiProc, now: OsiProc): boolean {
  return before.pgd !== null && now.pgd !== null && before.pgd !== now.pgd;
}

function runsAnother(before: OsiRunningTask | undefined, now: OsiRunningTask): boolean {
  if (before === undefined) return false;
  return before.taskd !== now.taskd || before.tid !== now.tid || before.name !== now.name;
}

function taskChange(task: OsiRunningTask): OsiEvent {
  return { name: 'task-change', event: { cpu: task.cpu, task } };
}
