import { formatAddress, OsiError, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import { implausible, isImplausible } from '../kernel/implausible';
import type { Kernel } from '../kernel/kernel';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { type Layout, layoutOf } from '../kernel/layout';
import { StructView } from '../kernel/struct-view';

/** PID_MAX_LIMIT on 64 bit, include/linux/threads.h. */
const PID_MAX_LIMIT = 4 * 1024 * 1024;
const STRUCT = 'task_struct';
/** A flag of `task_struct.flags` that is set before the address space is released: include/linux/sched.h since 2.6. */
const PF_EXITING = 4;

type TaskLayout = Layout['task'];

/** The expected role of a task: the leader of its group, or a thread of the one that is given. */
export type ExpectedLeader = 'itself' | VirtualAddress | undefined;

/**
 * Whether a list leads to a task. Contradictions are reported to `skipped`; a missing page is not a
 * contradiction, as its fields are reported one by one.
 */
export function isTask(
  kernel: Kernel,
  address: VirtualAddress,
  expected: ExpectedLeader,
  skipped: SkippedLog,
  view = new StructView(kernel.memory, address),
): boolean {
  try {
    validateTask(kernel, address, expected, view);
    validateId(kernel, view);
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    const kind = expected === 'itself' ? 'process' : 'thread';
    if (isImplausible(error)) skipped.add({ kind, address }, error);
    return !isImplausible(error);
  }
  return true;
}

/**
 * Checks a task: it must have references and ids, and agree with the leader of its group, which leads itself.
 *
 * A member that the profile does not know is not asked for.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` where there is not a task; the fault of a page that is missing.
 */
export function validateTask(
  kernel: Kernel,
  address: VirtualAddress,
  expected?: ExpectedLeader,
  view = new StructView(kernel.memory, address),
): void {
  const { task } = layoutOf(kernel.info);
  if (!isKernelPointerWord(kernel.memory.architecture, address))
    throw notPointer(address, 'its address', address);
  const { usage_offset } = task;
  if (usage_offset !== undefined && view.s32(usage_offset) <= 0)
    throw contradiction(address, 'usage', view.s32(usage_offset), '1 or more');
  const leader = readLeader(view, task);
  if (leader === undefined) return;
  if (expected !== undefined && leader !== (expected === 'itself' ? address : expected))
    throw contradiction(
      address,
      'group_leader',
      leader,
      formatAddress(expected === 'itself' ? address : expected),
    );
  if (leader !== address) validateLeader(view, task, new StructView(kernel.memory, leader));
}

/**
 * Checks the id of a task that a list of the kernel leads to, or that is a parent: only `init_task` has the pid 0 there. The
 * idle tasks of other processors are on no list.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE`.
 */
export function validateId(kernel: Kernel, view: StructView): void {
  const { pid_offset, init_addr } = layoutOf(kernel.info).task;
  if (pid_offset === undefined || view.address === init_addr || view.s32(pid_offset) !== 0) return;
  throw contradiction(view.address, 'pid', 0, `1 to ${PID_MAX_LIMIT}, as it is not init_task`);
}

/**
 * Checks a task without an address space: it is a kernel thread, or it exits, or a kernel thread has just made it, to
 * run a program that it has not begun (`call_usermodehelper_exec_async`).
 *
 * What the profile does not know is not asked for.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` for any other task; the fault of a page that is missing.
 */
export function validateWithoutMm(kernel: Kernel, view: StructView): void {
  const { task } = layoutOf(kernel.info);
  const { flags_offset, PF_KTHREAD, exit_state_offset, real_parent_offset, mm_offset } = task;
  if (flags_offset === undefined || PF_KTHREAD === undefined || real_parent_offset === undefined) return;
  if ((view.u32(flags_offset) & (PF_KTHREAD | PF_EXITING)) !== 0) return;
  if (exit_state_offset !== undefined && view.u32(exit_state_offset) !== 0) return;
  const parent = new StructView(kernel.memory, view.word(real_parent_offset));
  if ((parent.u32(flags_offset) & PF_KTHREAD) !== 0) return;
  const expected = 'an address space, as it is neither a kernel thread nor exits';
  throw contradiction(view.address, 'mm', view.word(mm_offset ?? 0), expected);
}

/**
 * The address space that a task runs in, where it is not its own, given by address: a task with one of its own runs in no
 * other, so that the pointer is to that of another process. `undefined` if nothing contradicts it.
 */
export function findOtherMm(
  view: StructView,
  { task }: Layout,
  mm: VirtualAddress,
): VirtualAddress | undefined {
  if (task.active_mm_offset === undefined) return undefined;
  const active = view.word(task.active_mm_offset);
  return active === mm ? undefined : active;
}

// Every task of a listing passes here, and its parent: nothing is made unless something is wrong.

/**
 * The leader of the group, if its ids and shared structures are those of a task; one that leads itself has
 * one id.
 */
function readLeader(view: StructView, task: TaskLayout): VirtualAddress | undefined {
  const { signal_offset, group_leader_offset } = task;
  const { address } = view;
  const pid = readId(view, 'pid', task.pid_offset);
  const tgid = readId(view, 'tgid', task.tgid_offset);
  if (signal_offset !== undefined && !view.isKernelPointer(signal_offset))
    throw notPointer(address, 'signal', view.word(signal_offset));
  if (group_leader_offset === undefined) return undefined;
  const leader = view.word(group_leader_offset);
  if (leader === address) {
    if (pid === undefined || tgid === undefined || pid === tgid) return leader;
    throw contradiction(address, 'pid', pid, `its tgid ${tgid}, as it leads its group`);
  }
  if (view.isKernelPointer(group_leader_offset)) return leader;
  throw notPointer(address, 'group_leader', leader);
}

function readId(view: StructView, member: string, offset: number | undefined): number | undefined {
  if (offset === undefined) return undefined;
  const id = view.s32(offset);
  if (id >= 0 && id <= PID_MAX_LIMIT) return id;
  throw contradiction(view.address, member, id, `0 to ${PID_MAX_LIMIT}`);
}

function validateLeader(view: StructView, task: TaskLayout, leader: StructView): void {
  const { address } = view;
  if (readLeader(leader, task) !== leader.address)
    throw contradiction(address, 'group_leader', leader.address, 'a task that leads itself');
  const { tgid_offset: tgid, signal_offset: signal } = task;
  if (tgid !== undefined && view.s32(tgid) !== leader.s32(tgid))
    throw contradiction(address, 'tgid', view.s32(tgid), `that of its leader, ${leader.s32(tgid)}`);
  if (signal !== undefined && view.word(signal) !== leader.word(signal))
    throw contradiction(address, 'signal', view.word(signal), "its leader's");
}

function notPointer(address: VirtualAddress, member: string, received: VirtualAddress): OsiError {
  return contradiction(address, member, received, 'a pointer of the kernel');
}

function contradiction(
  address: VirtualAddress,
  member: string,
  received: number | bigint,
  expected: string,
): OsiError {
  return implausible({ struct: STRUCT, address, member, received, expected });
}
