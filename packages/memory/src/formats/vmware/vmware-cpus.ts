import type { Cpu, X86Register } from '@osi-linux/core';
import type { MutableRegisters } from '../../registers';
import type { VmwareTag } from './vmware-tags';

const GENERAL = [
  ...(['rax', 'rcx', 'rdx', 'rbx', 'rbp', 'rsp', 'rsi', 'rdi'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
];
const CONTROL = ['cr0', '', 'cr2', 'cr3', 'cr4'] as const;
const MOST_CPUS = 4096;

/**
 * The registers out of the tags of the group "cpu" (crash, vmware_vmss.c): single values `rax[cpu]`, `CR64[cpu][n]`,
 * `IDTR[cpu][1..2]`, or blocks `gpregs[cpu]`, `CR64[cpu]`, `IDTR[cpu]` of several.
 */
export class VmwareCpus {
  private readonly registers = new Map<number, MutableRegisters>();

  /** Takes the value of a tag. */
  tag(tag: VmwareTag): void {
    const [cpu, part] = tag.indexes;
    if (cpu === undefined || cpu >= MOST_CPUS) return;
    const { name } = tag;
    const single = name === 'rip' ? name : GENERAL.find((general) => general === name);
    if (single !== undefined) this.put(cpu, single, word(tag.value));
    else if (name === 'eflags' || name === 'EFLAGS') this.flags(cpu, word(tag.value));
    else if (name === 'gpregs') this.words(cpu, GENERAL, tag);
    else if (name === 'CR64' && part !== undefined) this.put(cpu, CONTROL[part] ?? '', word(tag.value));
    else if (name === 'CR64') this.words(cpu, CONTROL, tag);
    else if (name === 'IDTR') this.descriptorTable(cpu, part, tag);
  }

  /** The processors by number. */
  list(): Cpu[] {
    return [...this.registers]
      .sort(([one], [other]) => one - other)
      .map(([index, registers]) => ({ index, registers }));
  }

  private put(cpu: number, name: X86Register | '', value: bigint | undefined): void {
    if (name === '' || value === undefined) return;
    const registers = this.registers.get(cpu) ?? {};
    registers[name] = value;
    this.registers.set(cpu, registers);
  }

  private flags(cpu: number, value: bigint | undefined): void {
    if (value !== undefined) this.put(cpu, 'rflags', (this.registers.get(cpu)?.rflags ?? 0n) | value);
  }

  private words(cpu: number, names: readonly (X86Register | '')[], tag: VmwareTag): void {
    const bytes = tag.bytes(names.length * 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const [index, name] of names.entries()) {
      if (index * 8 + 8 <= view.byteLength) this.put(cpu, name, view.getBigUint64(index * 8, true));
    }
  }

  /** A block is { u16 limit; u64 base }; of the single values the first two halves of the base have the parts 1, 2. */
  private descriptorTable(cpu: number, part: number | undefined, tag: VmwareTag): void {
    if (part === undefined) {
      const bytes = tag.bytes(10);
      if (bytes.length < 10) return;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.put(cpu, 'idtr_limit', BigInt(view.getUint16(0, true)));
      this.put(cpu, 'idtr_base', view.getBigUint64(2, true));
    } else if (part === 1 || part === 2) {
      const before = this.registers.get(cpu)?.idtr_base ?? 0n;
      const half = (word(tag.value) ?? 0n) & 0xffffffffn;
      this.put(
        cpu,
        'idtr_base',
        part === 1 ? (before & ~0xffffffffn) | half : (before & 0xffffffffn) | (half << 32n),
      );
    }
  }
}

/** A value of 4 or 8 bytes. */
function word(value: DataView): bigint | undefined {
  if (value.byteLength >= 8) return value.getBigUint64(0, true);
  return value.byteLength >= 4 ? BigInt(value.getUint32(0, true)) : undefined;
}
