import {
  I386_PAGE_OFFSET,
  KERNEL_IMAGE_WINDOW,
  LOWEST_I386_PAGE_OFFSET,
  type PhysicalAddress,
  type VirtualAddress,
} from '@osi-linux/core';
import type { AddressSpace } from '@osi-linux/x86-mmu';

/** Where 32-bit kernels map RAM: CONFIG_PAGE_OFFSET of each CONFIG_VMSPLIT_*, Linux arch/x86/Kconfig. */
export const pageOffsets: readonly VirtualAddress[] = [
  I386_PAGE_OFFSET,
  0xb0000000n,
  0x80000000n,
  0x78000000n,
  LOWEST_I386_PAGE_OFFSET,
];

/** Behind the memory of the firmware in the first MiB; and where distributions link the image. */
const SAMPLES = [0x100000, 0x400000, 0x1000000];

/** The PAGE_OFFSET at which tables of 32 bits map RAM one to one, themselves or a known place included. */
export function findPageOffset(
  tables: AddressSpace,
  known: PhysicalAddress = tables.root,
): VirtualAddress | undefined {
  const leads = (offset: VirtualAddress, to: PhysicalAddress) =>
    to < KERNEL_IMAGE_WINDOW && tables.translate(offset + BigInt(to)) === to;
  return pageOffsets.find((offset) => leads(offset, known) && SAMPLES.every((to) => leads(offset, to)));
}
