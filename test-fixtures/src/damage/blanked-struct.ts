import { PAGE_SIZE } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import { KERNELINFO_SCHEMA } from '@osi-linux/kconf';
import type { DamagedMemory } from './damaged-memory';

type Kernel = Guest['profile']['kernel'];

/** The bytes of a structure from the first member that the profile knows up to and with the last one. */
export interface StructExtent {
  readonly start: number;
  readonly end: number;
}

/** Where the members of a structure lie, by the C expressions of the keys: `file` for `file.f_op` and its like. */
export function structExtent({ info, memory }: Kernel, struct: string): StructExtent {
  const offsets = KERNELINFO_SCHEMA.filter(
    ({ expression, kind }) => kind === 'offset' && expression?.startsWith(`${struct}.`) === true,
  )
    .map(({ key }) => info[key as keyof typeof info])
    .filter((value) => typeof value === 'number');
  if (offsets.length === 0) throw new Error(`the profile has no member of ${struct}`);
  return { start: Math.min(...offsets), end: Math.max(...offsets) + memory.architecture.wordSize };
}

/** Blanks a structure in the kernel's memory, and nothing beside it. */
export function blankStruct(
  damaged: DamagedMemory,
  kernel: Kernel,
  address: bigint,
  { start, end }: StructExtent,
): void {
  for (let offset = start; offset < end; offset += 1) {
    const physical = kernel.memory.translate(address + BigInt(offset));
    if (physical === undefined) continue;
    const bytes = damaged.writable(Math.floor(physical / PAGE_SIZE))?.bytes;
    if (bytes !== undefined) bytes[physical % PAGE_SIZE] = 0;
  }
}
