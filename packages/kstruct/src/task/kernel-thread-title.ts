import type { VirtualAddress } from '@osi-linux/core';
import { requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { readKernelString } from '../kernel/kernel-string';
import { StructView } from '../kernel/struct-view';
import type { Task } from './task';

/**
 * The whole name of a kernel thread, as `/proc/PID/comm` shows it: `kthread.full_name`, which a kernel since v5.17 keeps
 * where `task_struct.comm` is too short, and for a worker of a workqueue the latest work behind it, `kworker/0:1-events`, or
 * `kworker/0:1+events` while it runs. `undefined` for a task that is not a kernel thread.
 *
 * It is `comm` where the thread has no longer name, and where the profile does not have the keys; of workers only a profile
 * from BTF has them. Corresponds to `proc_task_name` in fs/proc/array.c and `wq_worker_comm` in kernel/workqueue.c; before
 * v6.9 the kernel shows `comm` alone in front of the work.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE`, or the fault of a page.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * readTitle(kernel, findInitTask(kernel)) // => 'swapper/0'
 * ```
 */
export function readTitle(kernel: Kernel, task: Task): string | undefined {
  if (!task.isKernelThread) return undefined;
  const kthread = findKthread(kernel, task.address);
  if (kthread === undefined) return task.comm;
  const name = readFullName(kernel, kthread) ?? task.comm;
  return name + (isWorker(kernel, task.address) ? readWork(kernel, kthread) : '');
}

/** The `struct kthread`, virtual; `undefined` where the thread has none, or the profile does not have its keys. */
function findKthread(kernel: Kernel, address: VirtualAddress): VirtualAddress | undefined {
  const { 'task.worker_private_offset': offset, 'kthread.full_name_offset': name } = kernel.info;
  if (offset === undefined || name === undefined) return undefined;
  const pointer = new StructView(kernel.memory, address).word(offset);
  if (pointer === 0n) return undefined;
  return requirePointer(kernel, pointer, { struct: 'task_struct', address, member: 'worker_private' });
}

function readFullName(kernel: Kernel, kthread: VirtualAddress): string | undefined {
  const name = new StructView(kernel.memory, kthread).word(
    requireKey(kernel.info, 'kthread.full_name_offset'),
  );
  if (name === 0n) return undefined;
  return readKernelString(kernel, name, { struct: 'kthread', address: kthread, member: 'full_name' });
}

const WORKER_KEYS = [
  'kthread.data_offset',
  'worker.pool_offset',
  'worker.current_work_offset',
  'worker.desc_offset',
  'worker.desc_size',
] as const;

function isWorker({ info, memory }: Kernel, address: VirtualAddress): boolean {
  const { 'task.flags_offset': flags, 'task.PF_WQ_WORKER': bit } = info;
  if (flags === undefined || bit === undefined) return false;
  if (WORKER_KEYS.some((key) => info[key] === undefined)) return false;
  return (new StructView(memory, address).u32(flags) & bit) !== 0;
}

/** The latest work of a worker behind `+` or `-`; nothing before its first, and while it belongs to no pool. */
function readWork(kernel: Kernel, kthread: VirtualAddress): string {
  const { info, memory } = kernel;
  const data = new StructView(memory, kthread).word(requireKey(info, 'kthread.data_offset'));
  const holder = { struct: 'kthread', address: kthread, member: 'data' };
  const worker = new StructView(memory, requirePointer(kernel, data, holder));
  if (worker.word(requireKey(info, 'worker.pool_offset')) === 0n) return '';
  const work = worker.text(requireKey(info, 'worker.desc_offset'), requireKey(info, 'worker.desc_size'));
  if (work === '') return '';
  return `${worker.word(requireKey(info, 'worker.current_work_offset')) === 0n ? '-' : '+'}${work}`;
}
