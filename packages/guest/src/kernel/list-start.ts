import { attempt, type PhysicalAddress, type PhysicalMemory, type VirtualAddress } from '@osi-linux/core';
import { type Kernel, requireKey, Task } from '@osi-linux/kstruct';
import { eachOccurrence } from '@osi-linux/symbols';

/**
 * Finds pid 1 or kthreadd in a dump that lacks `init_task`: the tasks whose parent it is.
 *
 * Searches all of memory for the address of `init_task`, and accepts a task whose own list entry agrees.
 */
export function findListStart(kernel: Kernel, memory: PhysicalMemory): VirtualAddress | undefined {
  const { info } = kernel;
  const pageOffset = info['kernel.page_offset_addr'];
  const init = info['task.init_addr'];
  if (pageOffset === undefined || init === undefined) return undefined;
  const parentOffset = BigInt(requireKey(info, 'task.real_parent_offset'));
  for (const place of eachWord(memory, init, kernel.memory.architecture.wordSize)) {
    const task = pageOffset + BigInt(place) - parentOffset;
    if (isFirstProcess(kernel, task)) return task;
  }
  return undefined;
}

function isFirstProcess(kernel: Kernel, address: VirtualAddress): boolean {
  return attempt(
    () => {
      const task = new Task(kernel, address);
      const isFirst = (task.pid === 1 || task.pid === 2) && task.tgid === task.pid;
      return isFirst && task.groupLeader.address === address;
    },
    () => false,
  );
}

/** Every place in memory that holds a word of the guest's size, aligned. */
function* eachWord(memory: PhysicalMemory, word: bigint, size: 4 | 8): Generator<PhysicalAddress> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, word, true);
  const needle = { bytes: bytes.subarray(0, size), alignment: 4 as const };
  for (const { at } of eachOccurrence(memory, [needle])) if (at % size === 0) yield at;
}
