import type { CpuMode, VirtualAddress, X86Register, X86Registers } from '@osi-linux/core';

/** The low two bits of a code segment's selector are the privilege level: 3 is a program. Intel SDM vol. 3A 5.5. */
const RPL = 3n;

/** Whether a processor runs the kernel or a program, by the selector of its code segment. */
export function modeOf({ cs }: X86Registers): CpuMode | undefined {
  if (cs === undefined) return undefined;
  return (cs & RPL) === RPL ? 'user' : 'kernel';
}

/** The values of the registers that may have the base of a per-CPU area; SWAPGS exchanges the two of 64 bits. */
export function perCpuBasesOf(
  registers: X86Registers,
  names: readonly X86Register[],
): readonly VirtualAddress[] {
  return names.map((name) => registers[name]).filter((base) => base !== undefined);
}
