import { formatAddress, OsiError, type VirtualAddress } from '@osi-linux/core';
import type { Kernel } from './kernel';
import { isKernelPointerWord } from './kernel-pointer';

/** A value in a structure that no real one of its kind has. */
export interface Contradiction {
  /** Kind of the structure: `task_struct`. */
  readonly struct: string;
  /** Where it is taken to be, virtual. */
  readonly address: VirtualAddress;
  /** The member that gives it away. */
  readonly member: string;
  readonly received: number | VirtualAddress;
  /** The value that a real one has there. */
  readonly expected: string;
}

/** The error for memory that is not the expected structure. */
export function implausible({ struct, address, member, received, expected }: Contradiction): OsiError {
  const value = typeof received === 'bigint' ? formatAddress(received) : String(received);
  const message = `invalid ${struct} at ${formatAddress(address)}: ${member} is ${value}, expected ${expected}`;
  return new OsiError('STRUCT_IMPLAUSIBLE', message, {
    hint: 'the dump is damaged there, or the profile is of another kernel',
    fields: { struct, address, member, received, expected },
  });
}

/** Whether an error means that memory is not the expected structure. */
export function isImplausible(error: unknown): boolean {
  return OsiError.is(error) && error.code === 'STRUCT_IMPLAUSIBLE';
}

/**
 * A pointer to an object of the kernel's own, aligned to its words.
 *
 * @throws OsiError `STRUCT_IMPLAUSIBLE` for any other word.
 */
export function requirePointer(
  kernel: Kernel,
  pointer: VirtualAddress,
  { struct, address, member }: Pick<Contradiction, 'struct' | 'address' | 'member'>,
): VirtualAddress {
  if (isKernelPointerWord(kernel.memory.architecture, pointer)) return pointer;
  throw implausible({ struct, address, member, received: pointer, expected: 'a pointer of the kernel' });
}
