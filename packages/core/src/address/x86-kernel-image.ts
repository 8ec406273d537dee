import type { VirtualAddress } from './address';

/**
 * First virtual address of the window that x86_64 kernels map their image in: `__START_KERNEL_map`, Linux
 * arch/x86/include/asm/page_64_types.h.
 */
export const START_KERNEL_MAP: VirtualAddress = 0xffffffff80000000n;

/**
 * Bytes of the window that an x86 image is mapped in: `KERNEL_IMAGE_SIZE` of x86_64 kernels with KASLR. The memory that
 * 32-bit kernels map from PAGE_OFFSET on, their image in it, is not larger.
 */
export const KERNEL_IMAGE_WINDOW = 0x40000000n;

/** KASLR moves an x86 image by multiples of so many bytes: `CONFIG_PHYSICAL_ALIGN`, Linux arch/x86/Kconfig. */
export const KASLR_STEP = 0x200000n;

/** No x86 kernel's image is longer, in bytes: its text, `.rodata`, `.data` and page tables lie within. */
export const IMAGE_REACH = 128 * 1024 * 1024;

/** No image of a 32-bit x86 kernel is longer, in bytes. */
export const I386_IMAGE_REACH = 64 * 1024 * 1024;

/**
 * Bytes of a large page of x86 with entries of 64 bits: one entry of a page directory maps it.
 * Intel SDM vol. 3A 4.5.
 */
export const LARGE_PAGE_SIZE = 2 * 1024 * 1024;

/** Distributions link x86 images so many bytes behind the start of their window: `CONFIG_PHYSICAL_START`. */
export const PHYSICAL_START = 0x1000000n;

/** Where 32-bit x86 kernels may map RAM at the lowest: `PAGE_OFFSET` of `CONFIG_VMSPLIT_1G`, Linux arch/x86/Kconfig. */
export const LOWEST_I386_PAGE_OFFSET: VirtualAddress = 0x40000000n;

/** Where most 32-bit x86 kernels map RAM: `PAGE_OFFSET` of `CONFIG_VMSPLIT_3G`, Linux arch/x86/Kconfig. */
export const I386_PAGE_OFFSET: VirtualAddress = 0xc0000000n;

/**
 * Whether a virtual address is inside the window that x86_64 kernels map their image in.
 *
 * @example
 * ```ts
 * isImageAddress(0xffffffff81000000n) // => true
 * isImageAddress(0xffffffffc0000000n) // => false
 * ```
 */
export function isImageAddress(address: VirtualAddress): boolean {
  return address >= START_KERNEL_MAP && address < START_KERNEL_MAP + KERNEL_IMAGE_WINDOW;
}
