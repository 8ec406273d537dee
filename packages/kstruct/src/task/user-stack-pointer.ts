import type { VirtualAddress } from '@osi-linux/core';
import { requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { viewOf } from '../kernel/kernel-struct';
import { StructView } from '../kernel/struct-view';
import type { Task } from './task';

/**
 * The stack pointer that a thread had in user mode when it last entered the kernel, an address of its process.
 *
 * Corresponds to `KSTK_ESP` of x86: `thread.usersp` of 64-bit programs on kernels that have this member, else the
 * pointer in the registers at the end of the thread's kernel stack.
 *
 * @throws OsiError the fault of a page, `STRUCT_IMPLAUSIBLE`, or `PROFILE_KEY_MISSING`.
 */
export function readUserStackPointer(kernel: Kernel, task: Task): VirtualAddress {
  const { info, memory } = kernel;
  const { address } = task;
  const stack = viewOf(task).word(requireKey(info, 'task.stack_offset'));
  const registers = requireKey(info, 'task.stack_sp_offset');
  const view = new StructView(
    memory,
    requirePointer(kernel, stack, { struct: 'task_struct', address, member: 'stack' }),
  );
  const saved = info['task.usersp_offset'];
  return saved === undefined || runs32BitProgram(kernel, view)
    ? view.word(registers)
    : viewOf(task).word(saved);
}

/** The `thread_info` of kernels with `usersp` is at the start of the kernel stack. */
function runs32BitProgram({ info }: Kernel, stack: StructView): boolean {
  const flags = stack.u32(requireKey(info, 'thread_info.flags_offset'));
  return ((flags >>> requireKey(info, 'thread_info.TIF_IA32')) & 1) === 1;
}
