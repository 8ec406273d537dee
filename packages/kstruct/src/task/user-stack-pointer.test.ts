import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel';
import { Task } from './task';
import { readUserStackPointer } from './user-stack-pointer';

const TASK = 0xffff888000010000n;
const STACK = 0xffff888000020000n;
/** As in 4.1 to 4.8. */
const REGISTERS = { 'task.stack_offset': 0x18, 'task.stack_sp_offset': 0x3ff0 } as const;
/** As in 3.10. */
const USERSP = {
  ...REGISTERS,
  'task.usersp_offset': 0x368,
  'thread_info.flags_offset': 0x10,
  'thread_info.TIF_IA32': 17,
} as const;

function createTask(info: Kernel['info'], flags = 0) {
  const memory = new FakeVirtualMemory();
  memory.writeWord(TASK + 0x18n, STACK);
  memory.writeWord(TASK + 0x368n, 0x7ffc00001000n);
  memory.writeWord(STACK + 0x3ff0n, 0xffd02000n);
  memory.writeInt(STACK + 0x10n, flags);
  const kernel = { memory, info };
  return { memory, read: () => readUserStackPointer(kernel, new Task(kernel, TASK)) };
}

describe('the stack pointer of a program', () => {
  it('is among the registers on the kernel stack', () => {
    expect(createTask(REGISTERS).read()).toBe(0xffd02000n);
  });

  it('is a member of the task on older kernels of 64 bits, but for 32-bit programs', () => {
    expect(createTask(USERSP).read()).toBe(0x7ffc00001000n);
    expect(createTask(USERSP, ~(1 << 17)).read()).toBe(0x7ffc00001000n);
    expect(createTask(USERSP, 1 << 17).read()).toBe(0xffd02000n);
  });

  it('is not read through a pointer that is not of the kernel', () => {
    const { memory, read } = createTask(USERSP);
    memory.writeWord(TASK + 0x18n, 0x1000n);
    expect(read).toThrow('stack is 0x1000, expected a pointer of the kernel');
  });

  it('is not guessed without the keys', () => {
    expect(() => createTask({ 'task.stack_offset': 0x18 }).read()).toThrow('task.stack_sp_offset');
    const { 'thread_info.TIF_IA32': _, ...rest } = USERSP;
    expect(() => createTask(rest).read()).toThrow('thread_info.TIF_IA32');
  });
});
