import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { KALLSYMS_FORMS, type KallsymsForm, writeFakeImage } from '@osi-linux/test-fixtures/kernel-image';
import { AddressSpace, pagingForms } from '@osi-linux/x86-mmu';
import { describe, expect, it } from 'vitest';
import { findInitTaskByShape } from './init-task-shape';

const PHYSICAL = 0x9000000;
/** Where in the image its data are. */
const DATA = 0xa00000;
/** The made-up `task_struct`, in words. */
const TASKS = 20;
const PARENT = 40;
const COMM = 60;
const CHILD = 0x4000;

/** A kernel with a structure of pid 0, and of its child behind. */
function kernelWith(wordSize: 4 | 8) {
  const form = KALLSYMS_FORMS[wordSize === 8 ? 'v6.4' : 'v5.10, 32 bits'] as KallsymsForm;
  const textBase = wordSize === 8 ? 0xffffffffa9c00000n : 0xc9000000n;
  const paging = wordSize === 8 ? '4-level' : 'pae';
  const memory = new FakePhysicalMemory();
  const image = writeFakeImage(memory, { form, paging, textBase, physical: PHYSICAL });
  const tables = new AddressSpace(pagingForms[paging], memory, image.builder.root);
  const mapBase = wordSize === 8 ? 0xffffffff80000000n : 0xc0000000n;
  const location = { tables, textBase, mapBase, physBase: BigInt(PHYSICAL) - (textBase - mapBase) };
  const put = (at: number, word: number, value: bigint) =>
    memory.writeWord(PHYSICAL + DATA + at + word * wordSize, value, wordSize);
  const virtual = (at: number, word = 0) => textBase + BigInt(DATA + at + word * wordSize);
  const task = (at: number, comm: string, parent: number, leader = at) => {
    for (const word of [PARENT, PARENT + 1]) put(at, word, virtual(parent));
    put(at, PARENT + 6, virtual(leader));
    memory.write(PHYSICAL + DATA + at + COMM * wordSize, new TextEncoder().encode(`${comm}\0`));
  };
  const list = (at: number, next: number, word = TASKS) => {
    put(at, word, virtual(next, word));
    put(next, word + 1, virtual(at, word));
  };
  return { memory, location, put, virtual, task, list };
}

describe.each([4, 8] as const)('init_task by its shape, in words of %i bytes', (wordSize) => {
  it('is where pid 0 is its own parent and its list leads to its child', () => {
    const { memory, location, virtual, task, list } = kernelWith(wordSize);
    task(0x1000, 'swapper/0', 0x1000);
    task(CHILD, 'systemd', 0x1000);
    list(0x1000, CHILD);
    list(CHILD, 0x1000);
    // A list of its own, empty, comes before.
    list(0x1000, 0x1000, TASKS - 4);
    expect(findInitTaskByShape(memory, location)).toEqual({
      address: virtual(0x1000),
      commOffset: COMM * wordSize,
      tasksOffset: TASKS * wordSize,
      evidence: expect.stringMatching(/^its name is "swapper\/0", .* its child "systemd" and back$/),
    });
  });

  it('is told from a copy of it, from idle tasks of other processors, and from texts', () => {
    const { memory, location, virtual, task, list, put } = kernelWith(wordSize);
    // The copy's pointers lead to the original, its list does not lead back to it.
    task(0x400, 'swapper/0', 0x1000, 0x1000);
    task(0x2000, 'swapper/0', 0x2000);
    put(0x2000, TASKS, virtual(CHILD, TASKS));
    put(0x2000, TASKS + 1, virtual(CHILD, TASKS));
    task(0x3000, 'swapper/1', 0x1000);
    task(0x1000, 'swapper', 0x1000);
    task(CHILD, 'init', 0x1000);
    list(0x1000, CHILD);
    list(CHILD, 0x1000);
    expect(findInitTaskByShape(memory, location)?.address).toBe(virtual(0x1000));
  });

  it.each(['', 'swapper/1', 'swapper/0 and more', 'swapper/0'])(
    'is not there with the name %j alone',
    (comm) => {
      const { memory, location, task } = kernelWith(wordSize);
      task(0x1000, comm, 0x1000);
      expect(findInitTaskByShape(memory, location)).toBeUndefined();
    },
  );

  it('takes bounded work where all of the data are names and pointers to one place', () => {
    const { memory, location, put, virtual } = kernelWith(wordSize);
    for (let word = 0; word * wordSize < 0x20000; word += 1) put(0, word, virtual(0x8000));
    for (let at = 0x9000; at < 0x20000; at += 32)
      memory.write(PHYSICAL + DATA + at, new TextEncoder().encode('swapper/0\0'));
    memory.calls.length = 0;
    expect(findInitTaskByShape(memory, location)).toBeUndefined();
    expect(memory.calls.length).toBeLessThan(1_000_000);
  });
});
