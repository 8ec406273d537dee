import type { X86Registers } from './x86-registers';

/** The registers of any supported architecture; the `Architecture` interprets them. */
export type CpuRegisters = X86Registers;

/** A processor of the guest at the moment of the dump. */
export interface Cpu<Registers extends CpuRegisters = CpuRegisters> {
  /** Number of the processor, from 0, in the order of the source. */
  readonly index: number;
  /** Its registers; those that the source does not have are absent. */
  readonly registers: Registers;
}
