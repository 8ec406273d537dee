import { OsiError, type VirtualAddress, type VirtualMemory } from '@osi-linux/core';
import { type Kernel, StructView, Task } from '@osi-linux/kstruct';
import type { OsiProcHandle } from '@osi-linux/osi';

/**
 * The leader of the process that a handle names, if that process still lives.
 *
 * Checks the task's own fields (it leads its group and is linked in the list of processes) and its start, so
 * that neither a task that was freed nor the next one at its address is taken for it.
 *
 * @throws OsiError the fault of a page that the source lacks, so that it cannot be told.
 */
export function findLiveProcess(kernel: Kernel, handle: OsiProcHandle): Task | undefined {
  const { taskd, createTime } = handle;
  if (!isAligned(taskd) || !kernel.memory.architecture.isKernelAddress(taskd)) return undefined;
  const task = new Task(kernel, taskd);
  return ifMapped(
    () => leadsGroup(kernel, task) && isListed(kernel, task) && startedAt(kernel, task, createTime),
  )
    ? task
    : undefined;
}

function isAligned(address: VirtualAddress): boolean {
  return (address & 3n) === 0n;
}

function leadsGroup({ info }: Kernel, task: Task): boolean {
  const known = info['task.group_leader_offset'] !== undefined;
  return !known || task.groupLeader.address === task.address;
}

/** A task that has left the list points at its neighbours still, but they no longer at it. */
function isListed(kernel: Kernel, task: Task): boolean {
  const node = task.listHead('task.tasks_offset');
  const { memory } = kernel;
  const { wordSize } = memory.architecture;
  const links = new StructView(memory, node);
  const pointsBack = (neighbour: VirtualAddress, offset: number) =>
    ifMapped(() => new StructView(memory, neighbour).word(offset) === node);
  if (isJoined(links, memory, node)) return true;
  const ways = [() => pointsBack(links.word(0), wordSize), () => pointsBack(links.word(wordSize), 0)];
  return someHolds(ways);
}

/** Whether the next entry points back, as nearly all do; where it does not, or cannot be read, both are asked. */
function isJoined(links: StructView, memory: VirtualMemory, node: VirtualAddress): boolean {
  try {
    return new StructView(memory, links.word(0)).word(memory.architecture.wordSize) === node;
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return false;
  }
}

function startedAt({ info }: Kernel, task: Task, createTime: bigint | null | undefined): boolean {
  if (createTime === null || createTime === undefined) return true;
  return info['task.start_time_offset'] === undefined || task.startTime === createTime;
}

/** Whether any way gives true; where none does and one cannot be read, its error. */
function someHolds(ways: readonly (() => boolean)[]): boolean {
  let unread: OsiError | undefined;
  for (const way of ways) {
    try {
      if (way()) return true;
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      unread ??= error;
    }
  }
  if (unread !== undefined) throw unread;
  return false;
}

const UNMAPPED: ReadonlySet<string> = new Set(['PAGE_NOT_PRESENT', 'ADDRESS_NON_CANONICAL']);

/** An address where nothing is mapped holds nothing; memory that the source lacks is an error. */
function ifMapped(holds: () => boolean): boolean {
  try {
    return holds();
  } catch (error) {
    if (OsiError.is(error) && UNMAPPED.has(error.code)) return false;
    throw error;
  }
}
