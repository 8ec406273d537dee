import { PAGE_SIZE } from '@osi-linux/core';
import { type Layout, missingKey } from '../kernel/layout';
import type { StructView } from '../kernel/struct-view';

/** The alignment of a top page table with PAE (Intel SDM vol. 3A 4.4.1); all others are whole pages. */
const PAE_ALIGNMENT = 32;

/**
 * The member of an `mm_struct` that no address space in use has so: no task uses it, or it has no page table. `undefined`
 * where nothing contradicts it; a member that the profile does not know is not asked for.
 */
export function findMmContradiction(view: StructView, { mm }: Layout): 'mm_users' | 'pgd' | undefined {
  const { mm_users_offset, pgd_offset = missingKey('mm.pgd_offset') } = mm;
  if (mm_users_offset !== undefined && view.s32(mm_users_offset) <= 0) return 'mm_users';
  const alignment = view.is64Bit ? PAGE_SIZE : PAE_ALIGNMENT;
  return view.isKernelPointer(pgd_offset) && view.u32(pgd_offset) % alignment === 0 ? undefined : 'pgd';
}
