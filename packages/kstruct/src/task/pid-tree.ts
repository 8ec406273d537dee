import { offsetAddress, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { eachXarrayEntry, RADIX_TREE, XARRAY, type Xarray, type XarrayForm } from '../lib/xarray';
import { Task } from './task';
import { validateTask } from './task-plausibility';

/** PID_MAX_LIMIT on 64 bit, include/linux/threads.h. */
const PID_MAX_LIMIT = 4 * 1024 * 1024;

/** A form of the tree, and the key of the member that is its head. */
interface TreeForm {
  readonly form: XarrayForm;
  readonly head: 'pid_ns.xa_head_offset' | 'pid_ns.rnode_offset';
}

/** Newest first. */
const FORMS = [
  { form: XARRAY, head: 'pid_ns.xa_head_offset' },
  { form: RADIX_TREE, head: 'pid_ns.rnode_offset' },
] as const satisfies readonly TreeForm[];

/**
 * Yields every task that has an id, ascending by it: the leaders and threads that `/proc` and `kill` find.
 *
 * Walks `init_pid_ns.idr` from id to `struct pid`, and from there `pid.tasks[PIDTYPE_PID]` to the task, which must point
 * back and have that id. Ids of groups and sessions whose own task is gone have none. Pid 0 is not in the tree.
 * Corresponds to `find_task_by_pid_ns(nr, &init_pid_ns)`. Source:
 * Linux commit 95846ecf9dac ("pid: replace pid bitmap implementation with IDR API") (in v4.15).
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile does not know the tree (`hasPidTree`), as before that commit,
 * else why its head cannot be read.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const [init, kthreadd] = [...eachTaskWithId(kernel, new SkippedLog())];
 * [init.pid, kthreadd.pid, kthreadd.comm] // => [1, 2, 'kthreadd']
 * ```
 */
export function* eachTaskWithId(kernel: Kernel, skipped: SkippedLog): Generator<Task> {
  for (const { index, entry } of eachXarrayEntry(kernel, readTree(kernel), skipped)) {
    const task = skipped.attempt(
      () => ({ kind: 'pid', pid: index, address: entry }),
      () => readTask(kernel, entry, index),
    );
    if (task !== null && task !== undefined) yield task;
  }
}

/**
 * Whether the profile has the keys of the tree of ids. Before v4.15 there is none, as ids are in a hash.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * hasPidTree(kernel) // => true
 * hasPidTree({ ...kernel, info: {} }) // => false
 * ```
 */
export function hasPidTree({ info }: Kernel): boolean {
  return keysOf(findForm(info)).every((key) => info[key] !== undefined);
}

/** The newest form that the profile knows. */
function findForm(info: KernelInfo): TreeForm {
  return FORMS.find(({ head }) => info[head] !== undefined) ?? FORMS[0];
}

function keysOf({ form, head }: TreeForm): (keyof KernelInfo)[] {
  return [
    'pid_ns.init_pid_ns_addr',
    head,
    form.shift,
    form.slots,
    'pid.tasks_offset',
    'task.pid_links_offset',
  ];
}

function readTree({ info, memory }: Kernel): Xarray {
  const tree = findForm(info);
  for (const key of keysOf(tree)) requireKey(info, key);
  const { form } = tree;
  const namespace = new StructView(memory, requireKey(info, 'pid_ns.init_pid_ns_addr'));
  const head = namespace.word(requireKey(info, tree.head));
  if (head !== 0n) return { form, head, name: 'init_pid_ns.idr', end: PID_MAX_LIMIT + 1 };
  throw implausible({
    struct: 'pid_namespace',
    address: namespace.address,
    member: 'idr',
    received: head,
    expected: 'a tree, as pid 1 is in it',
  });
}

/** The task of a `struct pid`, `undefined` where only a group or a session still has the id. */
function readTask(kernel: Kernel, address: VirtualAddress, id: number): Task | undefined {
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
