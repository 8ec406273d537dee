import type { Cpu, X86Register, X86Segment } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { MutableRegisters } from '../../registers';
import type { ElfNote } from './elf-notes';

// VirtualBox include/VBox/vmm/dbgfcorefmt.h. The versions before 0x10004 dump an internal structure instead.
const NT_VBOXCORE = 0xb00;
const NT_VBOXCPU = 0xb01;
const MAGIC = 0xc01ac0de;
const FIRST_VERSION = 0x10004;
const LAST_VERSION = 0x10006;

// DBGFCORECPU: its first fields, 8 bytes each.
const GENERAL = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
  ...(['rip', 'rsp', 'rbp', 'rflags'] as const),
];
// DBGFCORESEL: { u64 base; u32 limit, attributes; u16 selector, pad; u32 pad }.
const SEGMENTS = ['cs', 'ds', 'es', 'fs', 'gs', 'ss'] as const;
const SEGMENT_SIZE = 24;
const SEGMENTS_AT = GENERAL.length * 8;
const CONTROL = ['cr0', 'cr2', 'cr3', 'cr4'] as const;
const CONTROL_AT = SEGMENTS_AT + SEGMENTS.length * SEGMENT_SIZE;
// DBGFCOREXDTR: { u64 address; u32 limit, pad }, behind eight debug registers.
const TABLES = ['gdtr', 'idtr'] as const;
const TABLES_AT = CONTROL_AT + CONTROL.length * 8 + 64;
const SYSTEM_SEGMENTS = ['ldtr', 'tr'] as const;
const SYSTEM_SEGMENTS_AT = TABLES_AT + TABLES.length * 16;
const MSRS = [
  ...(['sysenter_cs', 'sysenter_eip', 'sysenter_esp', 'efer', 'star', ''] as const),
  ...(['lstar', 'cstar', 'fmask', 'kernel_gs_base'] as const),
];
const MSRS_AT = SYSTEM_SEGMENTS_AT + SYSTEM_SEGMENTS.length * SEGMENT_SIZE;
const LEAST_SIZE = MSRS_AT + MSRS.length * 8;

/** The processors of VirtualBox's cores (`debugvm dumpvmcore`): the n-th VBCPU note is processor n. */
export function cpusOfVirtualBox(notes: readonly ElfNote[], findings: Finding[]): Cpu[] {
  const core = notes.find((note) => note.name === 'VBCORE' && note.type === NT_VBOXCORE);
  if (core === undefined) return [];
  const problem = problemOf(core.desc);
  if (problem !== undefined) {
    findings.push({ what: 'cpu-note', value: 'registers not read', evidence: problem });
    return [];
  }
  const told = notes.filter(isCpuNote);
  const first = told.findIndex(isShort);
  if (first >= 0) {
    const evidence = `VBCPU ${first} has ${told[first]?.desc.length} bytes, expected ${LEAST_SIZE} or more`;
    const value = `${told.filter(isShort).length} register notes could not be read`;
    findings.push({ what: 'cpu-note', value, evidence });
  }
  return told.flatMap((note, index) =>
    isShort(note) ? [] : [{ index, registers: registersOf(viewOf(note.desc)) }],
  );
}

function isShort({ desc }: ElfNote): boolean {
  return desc.length < LEAST_SIZE;
}

function isCpuNote({ name, type }: ElfNote): boolean {
  return name === 'VBCPU' && type === NT_VBOXCPU;
}

function problemOf(desc: Uint8Array): string | undefined {
  const view = viewOf(desc);
  if (view.byteLength < 8 || view.getUint32(0, true) !== MAGIC) return 'VBCORE has a wrong magic';
  const version = view.getUint32(4, true);
  if (version >= FIRST_VERSION && version <= LAST_VERSION) return undefined;
  return `VBCORE has the version 0x${version.toString(16)}, 0x10004 to 0x10006 are read`;
}

function registersOf(view: DataView): MutableRegisters {
  const registers: MutableRegisters = {};
  const words = (names: readonly (X86Register | '')[], from: number): void => {
    for (const [index, name] of names.entries()) {
      if (name !== '') registers[name] = view.getBigUint64(from + index * 8, true);
    }
  };
  const segments = (names: readonly X86Segment[], from: number): void => {
    for (const [index, name] of names.entries()) {
      const at = from + index * SEGMENT_SIZE;
      registers[name] = BigInt(view.getUint16(at + 16, true));
      registers[`${name}_base`] = view.getBigUint64(at, true);
      registers[`${name}_limit`] = BigInt(view.getUint32(at + 8, true));
    }
  };
  words(GENERAL, 0);
  segments(SEGMENTS, SEGMENTS_AT);
  words(CONTROL, CONTROL_AT);
  for (const [index, name] of TABLES.entries()) {
    registers[`${name}_base`] = view.getBigUint64(TABLES_AT + index * 16, true);
    registers[`${name}_limit`] = BigInt(view.getUint32(TABLES_AT + index * 16 + 8, true));
  }
  segments(SYSTEM_SEGMENTS, SYSTEM_SEGMENTS_AT);
  words(MSRS, MSRS_AT);
  return registers;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
