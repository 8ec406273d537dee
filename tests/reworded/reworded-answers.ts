import { readFileSync } from 'node:fs';
import { formatSubject, OsiError, PAGE_SIZE, type Skipped, SkippedLog } from '@osi-linux/core';
import { type Guest, GuestSampler, openGuest } from '@osi-linux/guest';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { eachProcess, requireKey, Task } from '@osi-linux/kstruct';
import { BytesSource, openDump } from '@osi-linux/memory';
import { Osi, ProcessChanges } from '@osi-linux/osi';
import { diffSnapshots, takeSnapshot } from '@osi-linux/osi-linux';
import {
  type DAMAGE_KINDS,
  DAMAGED_LISTINGS,
  DamagedMemory,
  type DamageKind,
  Random,
  type TouchedMemory,
} from '@osi-linux/test-fixtures/damage';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';

const SEED = 5;

/** A recorded guest to be opened again and again, with damage or without. */
export class RewordedGuest {
  private readonly bytes: Uint8Array;
  private readonly keyFile: ReturnType<typeof safeParseKeyFile>['file'];

  constructor(name: string) {
    const { dumpFile, kconfFile } = readRecordedGuest(name);
    this.bytes = new Uint8Array(readFileSync(dumpFile));
    this.keyFile = safeParseKeyFile(readFileSync(kconfFile)).file;
  }

  /** The guest with memory that can be damaged while it is open. */
  open(damage: (memory: DamagedMemory) => void = () => undefined): { guest: Guest; memory: DamagedMemory } {
    const dump = openDump(new BytesSource(this.bytes));
    const memory = new DamagedMemory(dump.memory);
    damage(memory);
    return { guest: openGuest({ ...dump, memory }, { keyFile: this.keyFile }), memory };
  }

  /** The guest, damaged in one of {@link DAMAGE_KINDS}, by a seed that leaves what `openGuest` needs. */
  openDamaged({ apply }: DamageKind, touched: TouchedMemory, wordSize: 4 | 8): Guest {
    return this.open((memory) => apply(memory, touched, new Random(SEED), wordSize)).guest;
  }
}

/** The parts of every listing, and those that the OSI API derives from one. */
export function readAnswers({ linux }: Guest): object {
  const listings = DAMAGED_LISTINGS.map(({ name, read }) => [name, read(linux)] as const);
  const osi = new Osi();
  const provider = { name: 'listings', getProcesses: () => linux.getProcesses() };
  osi.register(provider as never);
  const derived = linux.getProcesses().map((process) => osi.getProcess(process));
  return { listings: Object.fromEntries(listings), derived };
}

/** The differences of two moments, of all that a snapshot has and of a few processes. */
export function readDifferences(before: Guest, after: Guest): object {
  const pids = before.linux.getProcesses().flatMap(({ pid }) => (pid === null ? [] : [pid]));
  const few = pids.filter((_, index) => index % 3 === 0);
  return [undefined, few].map((only) =>
    diffSnapshots(takeSnapshot(before.linux, { pids: only }), takeSnapshot(after.linux, { pids: only })),
  );
}

/**
 * The events of a guest where one process ends while the arguments of another one go missing, and the
 * difference of the two moments: the list of processes has every row, and some rows lack a field.
 *
 * `sample` reads one moment; the product's own where it is absent.
 */
export function readEvents(recorded: RewordedGuest, sample?: (guest: Guest) => readonly unknown[]): object {
  const { guest, memory } = recorded.open();
  const sampler = new GuestSampler(guest);
  const read = () => (sample === undefined ? sampler.sample() : sample(guest));
  read();
  const before = takeSnapshot(guest.linux);
  const user = guest.linux.getProcesses().filter(({ asid, pid }) => asid !== null && (pid ?? 0) > 1);
  const [torn, gone] = [user[0], user.at(-1)];
  if (torn === undefined || gone === undefined || torn === gone) throw new Error('too few processes');
  loseArguments(guest, memory, torn.taskd);
  endProcess(guest, memory, gone.taskd);
  const events = read();
  const { skipped } = guest.linux.getProcesses();
  const difference = diffSnapshots(before, takeSnapshot(guest.linux));
  return { events, skipped, missed: sampler.missed, difference };
}

/** A sampler that reads its own sentences back, as the product once did. */
export function plantedSampler(): (guest: Guest) => readonly unknown[] {
  const changes = new ProcessChanges();
  return ({ memory, osi, linux }) => {
    memory.flush();
    osi.refresh();
    const processes = linux.getProcesses();
    return changes.add({ processes, complete: hadEveryRow(processes.skipped), running: linux.getCurrent() });
  };
}

function hadEveryRow(skipped: readonly Skipped[]): boolean {
  return skipped.every(({ subject }) => /^(pid \d+|task 0x[0-9a-f]+): /.test(formatSubject(subject)));
}

function loseArguments({ profile, linux }: Guest, memory: DamagedMemory, taskd: bigint): void {
  const { mm } = new Task(profile.kernel, taskd);
  const process = linux.getProcesses().find((row) => row.taskd === taskd);
  const physical = process && mm && linux.virtToPhys(mm.argStart, process);
  if (physical === undefined) throw new Error('its arguments are not in the dump');
  memory.remove(Math.floor(physical / PAGE_SIZE));
}

/** Takes a process out of the list of processes and frees its `task_struct`, so that its id leads to none. */
function endProcess({ profile: { kernel } }: Guest, memory: DamagedMemory, taskd: bigint): void {
  const nodeOf = (task: Task) => task.listHead('task.tasks_offset');
  const tasks = [...eachProcess(kernel, new SkippedLog())];
  const index = tasks.findIndex(({ address }) => address === taskd);
  const [before, after] = [tasks[index - 1], tasks[index + 1] ?? tasks[0]];
  if (before === undefined || after === undefined) throw new Error('not in the list');
  const { wordSize } = kernel.memory.architecture;
  const write = (at: bigint, value: bigint) => {
    const physical = kernel.memory.translate(at);
    if (physical === undefined) throw new Error('the list is not in the dump');
    const view = memory.writable(Math.floor(physical / PAGE_SIZE))?.view;
    if (wordSize === 8) view?.setBigUint64(physical % PAGE_SIZE, value, true);
    else view?.setUint32(physical % PAGE_SIZE, Number(value), true);
  };
  write(nodeOf(before), nodeOf(after));
  write(nodeOf(after) + BigInt(wordSize), nodeOf(before));
  write(taskd + BigInt(requireKey(kernel.info, 'task.usage_offset')), 0n);
}

/** Answers without their texts: an error is its code and its facts, a record its subject and its error. */
export function withoutTexts(answer: unknown): string {
  const facts = (_: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return `0x${value.toString(16)}`;
    if (OsiError.is(value)) return { code: value.code, cause: value.cause };
    // JSON leaves out what an array has beside its items: `skipped`.
    if (Array.isArray(value) && 'skipped' in value) return { rows: value.slice(), skipped: value.skipped };
    return value;
  };
  return JSON.stringify(answer, facts, 1);
}
