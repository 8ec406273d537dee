import { offsetAddress, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import { type Kernel, requireKey } from '../kernel/kernel';
import { layoutOf, missingKey } from '../kernel/layout';
import { StructView } from '../kernel/struct-view';
import { eachListEntry } from '../lib/list-head';
import { Task } from './task';
import { isTask } from './task-plausibility';

/**
 * Yields every thread of a process, its leader included, in the order of their start. A task of another process is
 * reported to `skipped` instead.
 *
 * Walks `signal_struct.thread_head` over `task_struct.thread_node` where the profile has them:
 * Linux commit 0c740d0afc3b ("introduce for_each_thread() to replace the buggy while_each_thread()") (in v3.14).
 * Else the older ring `task_struct.thread_group`, removed by
 * Linux commit 8e1f385104ac ("kill task_struct->thread_group") (in v6.7).
 *
 * @throws OsiError where the leader itself cannot be read.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const task: Task;
 * [...eachThread(kernel, task, new SkippedLog())].map((thread) => thread.pid) // => [1]
 * ```
 */
export function eachThread(kernel: Kernel, leader: Task, skipped: SkippedLog): Generator<Task> {
  const { info } = kernel;
  const hasThreadHead =
    info['task.signal_offset'] !== undefined &&
    info['signal.thread_head_offset'] !== undefined &&
    info['task.thread_node_offset'] !== undefined;
  return hasThreadHead ? eachThreadNode(kernel, leader, skipped) : eachGroupMember(kernel, leader, skipped);
}

function* eachThreadNode(kernel: Kernel, leader: Task, skipped: SkippedLog): Generator<Task> {
  const offset = requireKey(kernel.info, 'task.thread_node_offset');
  const head = offsetAddress(leader.signal, requireKey(kernel.info, 'signal.thread_head_offset'));
  for (const node of eachListEntry(kernel, { head, name: 'signal_struct.thread_head' }, skipped)) {
    const address = offsetAddress(node, -offset);
    if (isTask(kernel, address, leader.address, skipped)) yield new Task(kernel, address);
  }
}

/** Pid 0 has no other threads; 2.6.32 leaves its ring blank. */
function isBlank({ memory }: Kernel, head: VirtualAddress): boolean {
  return new StructView(memory, head).isZero(0);
}

function* eachGroupMember(kernel: Kernel, leader: Task, skipped: SkippedLog): Generator<Task> {
  const offset =
    layoutOf(kernel.info).task.thread_group_offset ??
    missingKey('task.thread_node_offset', 'task.thread_group_offset');
  const head = leader.listHead('task.thread_group_offset');
  yield leader;
  if (leader.address === kernel.info['task.init_addr'] && isBlank(kernel, head)) return;
  for (const node of eachListEntry(kernel, { head, name: 'task_struct.thread_group' }, skipped)) {
    const address = offsetAddress(node, -offset);
    if (isTask(kernel, address, leader.address, skipped)) yield new Task(kernel, address);
  }
}
