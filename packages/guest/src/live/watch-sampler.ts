import type { VirtualAddress } from '@osi-linux/core';
import { findCpu, findCurrentTask, StructView, Task } from '@osi-linux/kstruct';
import { type OsiEvent, type OsiProc, type OsiRunningTask, ProcessChanges } from '@osi-linux/osi';
import type { Guest } from '../guest';
import type { Breakpoints } from './breakpoints';
import { hasExited, readIdentity, readOrNull, readRunning } from './process-identity';
import { readMoment, tellListeners } from './sampler';
import { TaskCount } from './task-count';

/** How many whole readings a process is waited for that has other memory and still its old name. */
const READINGS_OF_EXEC = 2;
/** Processes that have exited and wait for their parents: how many are looked at at each switch. */
const EXITED_AT_ONCE = 4;

/**
 * Reads a guest that stands still, whole or only the task that a processor has switched to, and calls the
 * listeners of its OSI API with each change.
 */
export class WatchSampler {
  private readonly guest: Guest;
  private readonly forksAt: VirtualAddress | undefined;
  private readonly changes = new ProcessChanges();
  private readonly tasks: TaskCount;
  private processes = new Map<VirtualAddress, OsiProc>();
  private readonly running = new Map<number, OsiRunningTask>();
  /** Processes within execve, with the memory that they have by now. */
  private readonly withinExec = new Map<
    VirtualAddress,
    { pgd: bigint; asid: number | null; readings: number }
  >();
  /** Processes that have exited, and are still in the list. */
  private readonly exited = new Set<VirtualAddress>();
  private cpus: ReadonlyMap<number, number> = new Map();

  private readonly places: Breakpoints | undefined;

  /** `forksAt` is where the kernel counts the threads that it has started. */
  constructor(guest: Guest, forksAt: VirtualAddress | undefined, places?: Breakpoints) {
    this.guest = guest;
    this.places = places;
    this.forksAt = forksAt;
    this.tasks = new TaskCount(guest.memory.architecture.wordSize * 8);
  }

  /** How many threads came and went unseen up to the last {@link sample}: by the kernel's own count. */
  get missedByCount(): number | undefined {
    return this.tasks.missed;
  }

  /** The same by gaps in the ids that samples have, where switches are not looked at. */
  get missedByIds(): number | undefined {
    return this.changes.missed;
  }

  /**
   * Reads everything. Reports nothing at the first call, and while the guest boots.
   *
   * @throws OsiError as listeners do.
   */
  sample(): readonly OsiEvent[] {
    const { linux } = this.guest;
    this.forget();
    if (linux.whyNotReady() !== undefined) return [];
    const moment = readMoment(this.guest);
    const running = this.places !== 'processes' ? moment.running.map((task) => this.withStart(task)) : [];
    this.cpus = this.matchCpus();
    for (const held of this.withinExec.values()) held.readings += 1;
    const processes = moment.processes.map((row) => this.hold(row));
    this.keep(processes, moment.complete, running);
    const forks = this.readForks();
    if (forks !== undefined && moment.ids !== undefined) this.tasks.seeAll(linux.getThreads(), forks);
    return this.tell(this.changes.add({ ...moment, processes, running }));
  }

  /**
   * Reads the tasks that a processor (by the number that the source gives it) has just switched to, and from.
   *
   * @throws OsiError where what it runs cannot be read; as listeners do.
   */
  sampleSwitch(sourceCpu: number): readonly OsiEvent[] {
    const { running, task } = this.readRunning(sourceCpu);
    const before = this.running.get(running.cpu);
    this.running.set(running.cpu, running);
    this.meet(task);
    // The thread that ran before is whole still: the kernel lets go of it only after this place.
    if (before !== undefined && before.taskd !== task.address)
      this.meet(new Task(this.guest.linux.kernel, before.taskd));
    return this.tellChanges();
  }

  /**
   * Reads the task of a processor when the task begins, has executed a program, or has exited.
   *
   * @throws OsiError as {@link sampleSwitch}.
   */
  sampleThread(sourceCpu: number): readonly OsiEvent[] {
    this.meet(this.readRunning(sourceCpu).task);
    return this.tellChanges();
  }

  private readRunning(sourceCpu: number): { readonly running: OsiRunningTask; readonly task: Task } {
    this.forget();
    const cpu = this.cpus.get(sourceCpu) ?? sourceCpu;
    const task = findCurrentTask(this.guest.linux.kernel, cpu);
    const running = readRunning(cpu, task);
    this.tasks.see(running);
    return { running, task };
  }

  private forget(): void {
    const { memory, osi } = this.guest;
    memory.flush();
    osi.refresh();
  }

  private keep(processes: readonly OsiProc[], complete: boolean, running: readonly OsiRunningTask[]): void {
    if (complete) this.processes = new Map();
    for (const row of processes) this.processes.set(row.taskd, row);
    for (const task of running) this.running.set(task.cpu, task);
    this.exited.clear();
    const { kernel } = this.guest.linux;
    for (const { taskd } of processes)
      if (hasExited(kernel, new Task(kernel, taskd)) === true) this.exited.add(taskd);
  }

  private compare(): OsiEvent[] {
    const processes = [...this.processes.values()];
    return this.changes.add({ processes, complete: true, running: [...this.running.values()] });
  }

  private tellChanges(): readonly OsiEvent[] {
    // The second time takes a process whose memory alone is new for one that has executed a program.
    const events = [...this.compare(), ...this.compare()];
    this.dropGone();
    return this.tell([...events, ...this.compare()]);
  }

  private meet(task: Task): void {
    const { kernel } = this.guest.linux;
    const leader = readOrNull(() => task.groupLeader);
    // Each processor has an idle thread of its own, and all of them are pid 0.
    if (leader === null || readOrNull(() => task.tgid) === 0) return;
    const known = this.processes.get(leader.address);
    const exited =
      hasExited(kernel, task) ?? (readOrNull(() => task.mm === undefined) === true && !isKernelOwn(known));
    // The leader of a thread that has exited may be gone before it.
    if (!exited || leader.address === task.address) this.put(leader);
    if (exited) this.exited.add(leader.address);
  }

  private put(leader: Task): void {
    const row = this.hold(readIdentity(leader), this.places === 'processes');
    this.processes.set(row.taskd, row);
  }

  /**
   * The row of a process as events report it. execve changes the memory first and then the name, and other
   * tasks may run in between: until then it has the memory of before. One that has exited keeps its last
   * values. `isWhole` where no execve can be under way.
   */
  private hold(row: OsiProc, isWhole = false): OsiProc {
    const { taskd, pgd, asid } = row;
    const known = this.processes.get(taskd);
    const held = this.withinExec.get(taskd);
    const same = known !== undefined && known.pid === row.pid && known.createTime === row.createTime;
    if (this.places === undefined || !same) {
      this.withinExec.delete(taskd);
      return row;
    }
    if (pgd === null) return { ...row, pgd: held?.pgd ?? known.pgd, asid: held?.asid ?? known.asid };
    const isNamed = known.name !== row.name || isWhole;
    if (isNamed || known.pgd === pgd || (held?.readings ?? 0) >= READINGS_OF_EXEC) {
      this.withinExec.delete(taskd);
      return row;
    }
    this.withinExec.set(taskd, { pgd, asid, readings: held?.readings ?? 0 });
    return { ...row, pgd: known.pgd, asid: known.asid };
  }

  private dropGone(): void {
    const { linux } = this.guest;
    // Those that stay go to the end, so that each has its turn.
    for (const taskd of [...this.exited].slice(0, EXITED_AT_ONCE)) {
      this.exited.delete(taskd);
      const known = this.processes.get(taskd);
      if (known === undefined) continue;
      const handle = { taskd, asid: null, createTime: known.createTime };
      const pid = readOrNull(() => linux.getProcessPid(handle) ?? 'gone');
      if (pid !== 'gone') this.exited.add(taskd);
      else {
        this.processes.delete(taskd);
        this.withinExec.delete(taskd);
      }
    }
  }

  private tell(events: readonly OsiEvent[]): readonly OsiEvent[] {
    tellListeners(this.guest, events);
    return events;
  }

  private withStart(task: OsiRunningTask): OsiRunningTask {
    const { kernel } = this.guest.linux;
    const { cpu, pid, tid, name, taskd } = task;
    return { cpu, pid, tid, name, taskd, createTime: readOrNull(() => new Task(kernel, taskd).startTime) };
  }

  private readForks(): bigint | undefined {
    const at = this.forksAt;
    if (at === undefined) return undefined;
    return readOrNull(() => new StructView(this.guest.memory, at).word(0)) ?? undefined;
  }

  /** The kernel's number of each processor of the source: the one whose per-CPU area its registers name. */
  private matchCpus(): ReadonlyMap<number, number> {
    const { linux, dump } = this.guest;
    const matched = new Map<number, number>();
    for (const cpu of readOrNull(() => linux.onlineCpus()) ?? []) {
      const owner = readOrNull(() => findCpu(linux.kernel, dump.cpus, cpu));
      if (owner) matched.set(owner.index, cpu);
    }
    return matched;
  }
}

function isKernelOwn(known: OsiProc | undefined): boolean {
  return known === undefined || known.pgd === null;
}
