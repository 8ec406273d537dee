import type { Cpu, X86Register } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { MutableRegisters } from '../../registers';
import type { ElfNote } from './elf-notes';

// QEMU target/i386/arch_dump.c, struct QEMUCPUState: version, size, then these in order, 8 bytes each.
export const GENERAL = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rsp', 'rbp'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
  ...(['rip', 'rflags'] as const),
];
// Each { u32 selector, limit, flags, pad; u64 base }.
export const SEGMENTS = ['cs', 'ds', 'es', 'fs', 'gs', 'ss', 'ldtr', 'tr'] as const;
export const TABLES = ['gdtr', 'idtr'] as const;
/** CR1 does not exist; its place is zero. */
export const CONTROL = ['cr0', '', 'cr2', 'cr3', 'cr4'] as const;
export const SEGMENT_SIZE = 24;
export const SEGMENTS_AT = 8 + GENERAL.length * 8;
export const CONTROL_AT = SEGMENTS_AT + (SEGMENTS.length + TABLES.length) * SEGMENT_SIZE;
export const KERNEL_GS_BASE_AT = CONTROL_AT + CONTROL.length * 8;

// Linux include/uapi/linux/elfcore.h and arch/x86/include/asm/user_64.h, user_32.h: the registers of elf_prstatus.
interface StatusLayout {
  readonly size: number;
  readonly at: number;
  readonly wordSize: 4 | 8;
  readonly names: readonly (X86Register | '')[];
}
export const PRSTATUS_64: StatusLayout = {
  size: 336,
  at: 112,
  wordSize: 8,
  names: [
    ...(['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8'] as const),
    ...(['rax', 'rcx', 'rdx', 'rsi', 'rdi', '', 'rip', 'cs', 'rflags', 'rsp', 'ss'] as const),
    ...(['fs_base', 'gs_base', 'ds', 'es', 'fs', 'gs'] as const),
  ],
};
export const PRSTATUS_32: StatusLayout = {
  size: 144,
  at: 72,
  wordSize: 4,
  names: [
    ...(['rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rax', 'ds', 'es', 'fs', 'gs'] as const),
    ...(['', 'rip', 'cs', 'rflags', 'rsp', 'ss'] as const),
  ],
};
const SELECTORS: ReadonlySet<string> = new Set(['cs', 'ds', 'es', 'fs', 'gs', 'ss']);

const NT_PRSTATUS = 1;

/**
 * The processors in the notes of a core file: the n-th QEMU note and the n-th NT_PRSTATUS are those of
 * processor n. QEMU's has more and wins.
 */
export function cpusOfNotes(notes: readonly ElfNote[], findings: Finding[]): Cpu[] {
  const status = notes.filter((note) => note.name === 'CORE' && note.type === NT_PRSTATUS);
  const qemu = notes.filter((note) => note.name === 'QEMU' && note.type === 0);
  const ofStatus = readAll(status, registersOfStatus, 'NT_PRSTATUS', findings);
  const ofQemu = readAll(qemu, registersOfQemu, 'QEMU note', findings);
  return Array.from({ length: Math.max(status.length, qemu.length) }, (_, index) => {
    return { index, registers: { ...ofStatus[index], ...ofQemu[index] } };
  });
}

/** The registers of each note; the first note that cannot be read is reported. */
function readAll(
  notes: readonly ElfNote[],
  read: (view: DataView) => MutableRegisters | undefined,
  what: string,
  findings: Finding[],
): (MutableRegisters | undefined)[] {
  const all = notes.map(({ desc }) => read(new DataView(desc.buffer, desc.byteOffset, desc.byteLength)));
  const first = all.indexOf(undefined);
  if (first >= 0) {
    const unread = all.filter((registers) => registers === undefined).length;
    const evidence = `${what} ${first} has ${notes[first]?.desc.length} bytes of an unknown layout`;
    findings.push({ what: 'cpu-note', value: `${unread} register notes could not be read`, evidence });
  }
  return all;
}

function registersOfStatus(view: DataView): MutableRegisters | undefined {
  const layout = [PRSTATUS_64, PRSTATUS_32].find((candidate) => candidate.size === view.byteLength);
  if (layout === undefined) return undefined;
  const registers: MutableRegisters = {};
  for (const [index, name] of layout.names.entries()) {
    const at = layout.at + index * layout.wordSize;
    // Selectors have 16 bits; in 32-bit notes the upper half of their word is not theirs.
    if (name === '') continue;
    if (SELECTORS.has(name)) registers[name] = BigInt(view.getUint16(at, true));
    else registers[name] = unsigned(view, at, layout.wordSize);
  }
  return registers;
}

function registersOfQemu(view: DataView): MutableRegisters | undefined {
  if (view.byteLength < KERNEL_GS_BASE_AT || view.getUint32(0, true) !== 1) return undefined;
  const registers: MutableRegisters = {};
  for (const [index, name] of GENERAL.entries()) registers[name] = unsigned(view, 8 + index * 8, 8);
  for (const [index, name] of [...SEGMENTS, ...TABLES].entries()) {
    const at = SEGMENTS_AT + index * SEGMENT_SIZE;
    if (name !== 'gdtr' && name !== 'idtr') {
      registers[name] = unsigned(view, at, 4);
      registers[`${name}_flags`] = unsigned(view, at + 8, 4);
    }
    registers[`${name}_limit`] = unsigned(view, at + 4, 4);
    registers[`${name}_base`] = unsigned(view, at + 16, 8);
  }
  for (const [index, name] of CONTROL.entries()) {
    if (name !== '') registers[name] = unsigned(view, CONTROL_AT + index * 8, 8);
  }
  // The notes of older QEMUs end before it: 432 bytes instead of 440.
  if (view.byteLength >= KERNEL_GS_BASE_AT + 8)
    registers['kernel_gs_base'] = unsigned(view, KERNEL_GS_BASE_AT, 8);
  return registers;
}

function unsigned(view: DataView, at: number, size: number): bigint {
  return size === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
}
