import type { Task } from '@osi-linux/kstruct';
import type { OsiProcMem } from '@osi-linux/osi';

/**
 * The bounds of a process's heap; `undefined` for one that has no user memory. The heap is empty where both are equal.
 *
 * Read from `mm_struct` itself, which PANDA reaches through the first mapping.
 */
export function readProcMem({ mm }: Task): OsiProcMem | undefined {
  return mm === undefined ? undefined : { startBrk: mm.startBrk, brk: mm.brk };
}
