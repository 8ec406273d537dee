import { type Architecture, LOWEST_I386_PAGE_OFFSET } from '@osi-linux/core';

// The upper half of 5-level paging begins here; that of 4-level lies inside it.
const UPPER_HALF = 0xff00000000000000n;
const WORD_END = 0x10000000000000000n;
const UPPER_HALF_HIGH = 0xff000000;

const I386_END = 0x100000000n;
const LOWEST_I386_LOW = Number(LOWEST_I386_PAGE_OFFSET);

/** 64-bit x86 (Linux `arch/x86`, `CONFIG_X86_64`): the kernel lives in the upper half of the address space. */
export const x86_64: Architecture = {
  name: 'x86_64',
  wordSize: 8,
  littleEndian: true,
  isKernelAddress: (address) => address >= UPPER_HALF && address < WORD_END,
  isKernelHalves: (_, high) => high >= UPPER_HALF_HIGH,
};

/**
 * 32-bit x86 (`CONFIG_X86_32`), by the name that its kernels print.
 *
 * A kernel address is one that some `CONFIG_VMSPLIT_*` gives to the kernel: 1 GiB and above.
 */
export const i386: Architecture = {
  name: 'i686',
  wordSize: 4,
  littleEndian: true,
  isKernelAddress: (address) => address >= LOWEST_I386_PAGE_OFFSET && address < I386_END,
  isKernelHalves: (low, high) => high === 0 && low >= LOWEST_I386_LOW,
};
