import { START_KERNEL_MAP, type VirtualAddress } from '@osi-linux/core';

/**
 * Physical address behind a virtual one of the image of an x86_64 kernel.
 *
 * `physBase` is the difference of the image's physical address from its link-time one; it may be negative.
 * Corresponds to `__phys_addr_nodebug`, arch/x86/include/asm/page_64.h.
 *
 * @example
 * ```ts
 * imagePhysical(0xffffffff81000000n, -0x200000n) // => 0xe00000n
 * ```
 */
export function imagePhysical(address: VirtualAddress, physBase: bigint): bigint {
  return address - START_KERNEL_MAP + physBase;
}
