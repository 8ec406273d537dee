import { decodeCString, PAGE_SIZE, readPartial, type VirtualAddress } from '@osi-linux/core';
import { type Contradiction, implausible } from './implausible';
import type { Kernel } from './kernel';

/** PATH_MAX, and so more than any name that the kernel keeps for itself. */
const STRING_LIMIT = PAGE_SIZE;

/**
 * A C string in the kernel's memory; its bytes need no alignment.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` for a pointer outside of the kernel, for 4096 bytes without a NUL, and for an
 * empty text in a page that holds nothing else; the fault of the page that ends it.
 */
export function readKernelString(
  kernel: Kernel,
  pointer: VirtualAddress,
  holder: Pick<Contradiction, 'struct' | 'address' | 'member'>,
): string {
  const { memory } = kernel;
  if (!memory.architecture.isKernelAddress(pointer))
    throw implausible({ ...holder, received: pointer, expected: 'a pointer of the kernel' });
  const { bytes, holes } = readPartial(memory, pointer, STRING_LIMIT);
  const hole = holes[0];
  const readable = hole === undefined ? bytes : bytes.subarray(0, Number(hole.at - pointer));
  if (readable[0] === 0) requireUse(kernel, pointer, holder);
  if (readable.includes(0)) return decodeCString(readable);
  if (hole !== undefined) throw hole.reason;
  throw implausible({ ...holder, received: pointer, expected: `a text shorter than ${STRING_LIMIT} bytes` });
}

/** Refuses an empty text: where the kernel keeps texts, it keeps more than one. */
function requireUse(
  { memory }: Kernel,
  pointer: VirtualAddress,
  holder: Pick<Contradiction, 'struct' | 'address' | 'member'>,
): void {
  if (memory.page(pointer)?.bytes.some((byte) => byte !== 0)) return;
  throw implausible({ ...holder, received: pointer, expected: 'a text, not a page of zeros' });
}
