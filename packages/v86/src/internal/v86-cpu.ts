import type { Cpu, X86Register, X86Registers } from '@osi-linux/core';
import type { V86Emulator, V86Processor, V86Slots } from '../v86-emulator';
import { isInsideSlice } from './machine';

const GENERAL = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'] as const;
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'tr', 'ldtr'] as const;
const CONTROL = ['cr0', undefined, 'cr2', 'cr3', 'cr4'] as const;

type MutableRegisters = { [Name in X86Register]?: bigint };
const CS = SEGMENTS.indexOf('cs');

/** The one processor of an emulator; its registers are read anew each time. */
export class V86Cpu implements Cpu {
  readonly index = 0;
  private readonly emulator: V86Emulator;
  private readonly processor: V86Processor;

  constructor(emulator: V86Emulator, processor: V86Processor) {
    this.emulator = emulator;
    this.processor = processor;
  }

  get registers(): X86Registers {
    const { cr, sreg, segment_offsets: bases } = this.processor;
    const registers: MutableRegisters = {};
    for (const [index, name] of CONTROL.entries())
      if (name !== undefined) registers[name] = wordOf(cr, index);
    for (const [index, name] of SEGMENTS.entries()) {
      registers[name] = wordOf(sreg, index) & 0xffffn;
      registers[`${name}_base`] = wordOf(bases, index);
    }
    // Inside of a time slice compiled code keeps the others in variables of its own.
    return isInsideSlice(this.emulator) ? registers : { ...registers, ...this.general() };
  }

  private general(): X86Registers {
    const { reg32, instruction_pointer: ip, segment_offsets: bases } = this.processor;
    const registers: MutableRegisters = {};
    for (const [index, name] of GENERAL.entries()) registers[name] = wordOf(reg32, index);
    registers.rip = BigInt.asUintN(32, wordOf(ip, 0) - wordOf(bases, CS));
    registers.rflags = BigInt(this.processor.get_eflags() >>> 0);
    return registers;
  }
}

function wordOf(slots: V86Slots, index: number): bigint {
  return BigInt((slots[index] ?? 0) >>> 0);
}
