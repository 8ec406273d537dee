import type { Architecture } from '@osi-linux/core';
import { i386, x86_64 } from '@osi-linux/x86-mmu';

/** The architectures of x86 by the `e_machine` of ELF files: EM_386, EM_X86_64 (System V ABI, chapter 4). */
export const X86_MACHINES: Readonly<Record<number, Architecture>> = { 3: i386, 62: x86_64 };
