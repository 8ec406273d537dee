import { formatAddress, OsiError, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import { implausible, isImplausible, requirePointer } from '../kernel/implausible';
import type { Kernel } from '../kernel/kernel';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { layoutOf } from '../kernel/layout';
import { StructView } from '../kernel/struct-view';

/** PID_MAX_LIMIT on 64 bit, include/linux/threads.h. */
const PID_MAX_LIMIT = 4 * 1024 * 1024;
const STRUCT = 'task_struct';

/** What a task is expected to be beside a task: the leader of its group, or a thread of the one that is given. */
export type ExpectedLeader = 'itself' | VirtualAddress | undefined;

/**
 * Whether a list leads to a task. What contradicts it is reported to `skipped`; a page that is missing does not, as
 * its fields are reported one by one.
 */
export function isTask(
  kernel: Kernel,
  address: VirtualAddress,
  expected: ExpectedLeader,
  skipped: SkippedLog,
  view?: StructView,
): boolean {
  try {
    validateTask(kernel, address, expected, view);
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    const kind = expected === 'itself' ? 'process' : 'thread';
    if (isImplausible(error)) skipped.add({ kind, address }, error);
    return !isImplausible(error);
  }
  return true;
}

/**
 * Distrusts a task: it must be held by someone, have ids, and agree with the leader of its group, which leads itself.
 *
 * A member that the profile does not know is not asked for.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` for what is no task; the fault of a page that is missing.
 */
export function validateTask(
  kernel: Kernel,
  address: VirtualAddress,
  expected?: ExpectedLeader,
  view = new StructView(kernel.memory, address),
): void {
  if (isSoundLeader(kernel, view, expected)) return;
  requirePointer(kernel, address, { struct: STRUCT, address, member: 'its address' });
  validateIds(kernel, view);
  const leader = readLeader(kernel, view);
  if (leader === undefined) return;
  const wanted = expected === 'itself' ? address : expected;
  if (wanted !== undefined && leader !== wanted)
    throw contradiction(address, 'group_leader', leader, formatAddress(wanted));
  if (leader !== address) validateLeader(kernel, view, leader);
}

/** Whether nothing contradicts that a task leads its group; all others are looked at one by one. */
function isSoundLeader(kernel: Kernel, view: StructView, expected: ExpectedLeader): boolean {
  const { architecture } = kernel.memory;
  const { usage_offset, pid_offset, tgid_offset, signal_offset, group_leader_offset } = layoutOf(
    kernel.info,
  ).task;
  const { address } = view;
  if (pid_offset === undefined || tgid_offset === undefined || group_leader_offset === undefined)
    return false;
  if (!isKernelPointerWord(architecture, address)) return false;
  if (usage_offset !== undefined && view.s32(usage_offset) <= 0) return false;
  const pid = view.s32(pid_offset);
  if (pid < 0 || pid > PID_MAX_LIMIT || view.s32(tgid_offset) !== pid) return false;
  if (signal_offset !== undefined && !view.isKernelPointer(signal_offset)) return false;
  if (view.word(group_leader_offset) !== address) return false;
  return expected === undefined || expected === 'itself' || expected === address;
}

function validateIds({ info }: Kernel, view: StructView): void {
  const { address } = view;
  const usage = info['task.usage_offset'];
  if (usage !== undefined && view.s32(usage) <= 0)
    throw contradiction(address, 'usage', view.s32(usage), '1 or more');
  validateId(view, 'pid', info['task.pid_offset']);
  validateId(view, 'tgid', info['task.tgid_offset']);
}

function validateId(view: StructView, member: string, offset: number | undefined): void {
  const id = offset === undefined ? 0 : view.s32(offset);
  if (id < 0 || id > PID_MAX_LIMIT) throw contradiction(view.address, member, id, `0 to ${PID_MAX_LIMIT}`);
}

/** The leader of the group; a task that leads itself has been checked for it. */
function readLeader(kernel: Kernel, view: StructView): VirtualAddress | undefined {
  const { info } = kernel;
  const { address } = view;
  const signal = info['task.signal_offset'];
  if (signal !== undefined)
    requirePointer(kernel, view.word(signal), { struct: STRUCT, address, member: 'signal' });
  const offset = info['task.group_leader_offset'];
  if (offset === undefined) return undefined;
  const leader = view.word(offset);
  requirePointer(kernel, leader, { struct: STRUCT, address, member: 'group_leader' });
  const { 'task.pid_offset': pid, 'task.tgid_offset': tgid } = info;
  if (leader === address && pid !== undefined && tgid !== undefined && view.s32(pid) !== view.s32(tgid))
    throw contradiction(address, 'pid', view.s32(pid), `its tgid ${view.s32(tgid)}, as it leads its group`);
  return leader;
}

function validateLeader(kernel: Kernel, view: StructView, address: VirtualAddress): void {
  const { info } = kernel;
  const leader = new StructView(kernel.memory, address);
  if (readLeader(kernel, leader) !== address)
    throw contradiction(view.address, 'group_leader', address, 'a task that leads itself');
  const { 'task.tgid_offset': tgid, 'task.signal_offset': signal } = info;
  if (tgid !== undefined && view.s32(tgid) !== leader.s32(tgid))
    throw contradiction(view.address, 'tgid', view.s32(tgid), `that of its leader, ${leader.s32(tgid)}`);
  if (signal !== undefined && view.word(signal) !== leader.word(signal))
    throw contradiction(view.address, 'signal', view.word(signal), "its leader's");
}

function contradiction(address: VirtualAddress, member: string, received: number | bigint, expected: string) {
  return implausible({ struct: STRUCT, address, member, received, expected });
}
