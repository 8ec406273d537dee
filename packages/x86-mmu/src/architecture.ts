import { type Architecture, isImageAddress, LOWEST_I386_PAGE_OFFSET } from '@osi-linux/core';
import { modeOf, perCpuBasesOf } from './cpu-state';
import { imagePhysical } from './image-physical';

// The upper half of 5-level paging begins here; that of 4-level lies inside it.
const UPPER_HALF = 0xff00000000000000n;
const WORD_END = 0x10000000000000000n;
const UPPER_HALF_HIGH = 0xff000000;

const I386_END = 0x100000000n;
const LOWEST_I386_LOW = Number(LOWEST_I386_PAGE_OFFSET);

/** `PAGE_SHIFT`, Linux arch/x86/include/asm/page_types.h. */
const PAGE_SHIFT = 12;

/**
 * 64-bit x86 (Linux `arch/x86`, `CONFIG_X86_64`): the kernel lives in the upper half of the address space.
 *
 * All of RAM is mapped in one run from PAGE_OFFSET, and the image from __START_KERNEL_map: Linux
 * Documentation/arch/x86/x86_64/mm.rst.
 */
export const x86_64: Architecture = {
  name: 'x86_64',
  wordSize: 8,
  pageShift: PAGE_SHIFT,
  isKernelAddress: (address) => address >= UPPER_HALF && address < WORD_END,
  isKernelHalves: (_, high) => high >= UPPER_HALF_HIGH,
  linearPhysical: (address, { physBase, pageOffset }) => {
    if (physBase !== undefined && isImageAddress(address)) return imagePhysical(address, BigInt(physBase));
    return pageOffset === undefined ? undefined : address - pageOffset;
  },
  perCpuBases: ({ registers }) => perCpuBasesOf(registers, ['gs_base', 'kernel_gs_base']),
  programCounter: ({ registers }) => registers.rip,
  modeOf: ({ registers }) => modeOf(registers),
};

/**
 * 32-bit x86 (`CONFIG_X86_32`), by the name that its kernels print.
 *
 * A kernel address is one that some `CONFIG_VMSPLIT_*` gives to the kernel: 1 GiB and above. The image is in
 * the map of RAM, which begins at PAGE_OFFSET. Per-CPU data is reached through FS, whose base a program
 * replaces.
 */
export const i386: Architecture = {
  name: 'i686',
  wordSize: 4,
  pageShift: PAGE_SHIFT,
  isKernelAddress: (address) => address >= LOWEST_I386_PAGE_OFFSET && address < I386_END,
  isKernelHalves: (low, high) => high === 0 && low >= LOWEST_I386_LOW,
  linearPhysical: (address, { pageOffset }) => (pageOffset === undefined ? undefined : address - pageOffset),
  perCpuBases: ({ registers }) => perCpuBasesOf(registers, ['fs_base']),
  programCounter: ({ registers }) => registers.rip,
  modeOf: ({ registers }) => modeOf(registers),
};
