import { expectMappings } from '../truth/compare/compare-maps';
import type { Expected } from '../truth/internal/difference';
import { expectedName } from '../truth/internal/expected-name';
import { textOf } from '../truth/internal/guest-text';
import { isLeftOut } from '../truth/known-differences';
import type { TruthTask } from '../truth/proc/proc-files';
import type { StoppedGuest } from './stopped-guest';

/** The handle of a process in the API, put together from the guest's own answers. */
export interface TruthHandle {
  readonly taskd: bigint;
  readonly asid: number | null;
  readonly createTime: bigint;
}

/** A mapping as its row must be, in the form of the command line's JSON. */
export interface TruthModule extends Expected {
  readonly base: string;
  readonly size: number;
  readonly name: string;
}

/** A process of the guest as the calls must report it. */
export interface ProcessTruth {
  readonly pid: number;
  readonly handle: TruthHandle;
  readonly row: Expected;
  /** Its heap; undefined if it has no user memory. */
  readonly heap: { readonly startBrk: bigint; readonly brk: bigint } | undefined;
  /** Undefined where the collector changed them after it had written them down. */
  readonly mappings: readonly TruthModule[] | undefined;
}

/** Every process that was there all the while, by the guest's own answers; pid 0 first. */
export function readProcessTruths(guest: StoppedGuest): ProcessTruth[] {
  const { truth } = guest;
  const heaps = readHeaps(textOf(guest.file('/proc/task_heaps') ?? new Uint8Array()));
  const settled = new Map(truth.processes.map((process) => [process.pid, process]));
  return truth.tasks.flatMap((task): ProcessTruth[] => {
    const { pid, ppid } = task;
    const process = settled.get(pid);
    if (pid === 0) return [processTruth(task, { pid, ppid: 0, name: 'swapper/0' }, heaps, [])];
    if (process === undefined || truth.tree === undefined) return [];
    const leftOut = isLeftOut('maps', textOf(process.comm));
    const mappings = leftOut ? undefined : (expectMappings(truth.tree, `/proc/${pid}`) as TruthModule[]);
    return [processTruth(task, { pid, ppid, name: expectedName(process.comm, task) }, heaps, mappings)];
  });
}

/** Whether it is one of the kernel's workers, which come and go by themselves. */
export function isWorker({ row }: ProcessTruth): boolean {
  return String(row['name']).startsWith('kworker/');
}

function processTruth(
  task: TruthTask,
  said: { readonly pid: number; readonly ppid: number; readonly name: string },
  heaps: ReadonlyMap<number, ProcessTruth['heap']>,
  mappings: ProcessTruth['mappings'],
): ProcessTruth {
  const { pgd, pgdPhysical } = task;
  const asid = pgdPhysical === null ? null : Number(pgdPhysical);
  const handle = { taskd: task.task, asid, createTime: task.startTime };
  return { pid: said.pid, handle, row: { ...handle, pgd, ...said }, heap: heaps.get(said.pid), mappings };
}

/** Lines `pid start_brk brk`. */
function readHeaps(text: string): Map<number, ProcessTruth['heap']> {
  return new Map(
    [...text.matchAll(/^(\d+) ([0-9a-f]+) ([0-9a-f]+)$/gm)].map(([, pid, start, end]) => [
      Number(pid),
      { startBrk: BigInt(`0x${start}`), brk: BigInt(`0x${end}`) },
    ]),
  );
}
