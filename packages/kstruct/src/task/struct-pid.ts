import { offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { Task } from './task';
import { validateTask } from './task-plausibility';

/** An id of the first namespace, as a table of ids has it. */
export interface PidEntry {
  /** The id. */
  readonly id: number;
  /** The `struct pid`, virtual. */
  readonly address: VirtualAddress;
}

/**
 * The task of a `struct pid`, `undefined` where only a group or a session still has the id.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` for any other `struct pid`, or the fault of a page.
 */
export function readTaskOfPid(kernel: Kernel, { address, id }: PidEntry): Task | undefined {
  const { info, memory } = kernel;
  const struct = 'pid';
  const member = 'tasks[PIDTYPE_PID]';
  const tasks = requireKey(info, 'pid.tasks_offset');
  requirePointer(kernel, address, { struct, address, member: 'its address' });
  const view = new StructView(memory, address);
  const link = view.word(tasks);
  if (link === 0n) {
    if (isUsedByGroup(kernel, view, tasks)) return undefined;
    throw implausible({
      struct,
      address,
      member,
      received: link,
      expected: 'a task, or one of a group or session',
    });
  }
  requirePointer(kernel, link, { struct, address, member });
  const pprev = new StructView(memory, link).word(memory.architecture.wordSize);
  if (pprev !== offsetAddress(address, tasks))
    throw implausible({ struct, address, member, received: link, expected: 'a task that points back' });
  const task = new Task(kernel, offsetAddress(link, -requireKey(info, 'task.pid_links_offset')));
  validateTask(kernel, task.address);
  if (task.pid !== id)
    throw implausible({ struct, address, member, received: task.pid, expected: `a task with the pid ${id}` });
  return task;
}

/** Behind PIDTYPE_PID are the first tasks of a process, a group and a session (include/linux/pid.h). */
function isUsedByGroup({ memory }: Kernel, view: StructView, tasks: number): boolean {
  const { architecture } = memory;
  const { wordSize } = architecture;
  return [1, 2, 3].some((kind) => {
    const offset = tasks + kind * wordSize;
    const link = view.word(offset);
    if (!architecture.isKernelAddress(link)) return false;
    return new StructView(memory, link).word(wordSize) === offsetAddress(view.address, offset);
  });
}
