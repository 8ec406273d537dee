import type { X86Register } from '@osi-linux/core';

/** The registers of a processor while a format gathers them. */
export type MutableRegisters = { [Name in X86Register]?: bigint };
