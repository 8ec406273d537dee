import type { CoreNote } from './elf-core';
import { concatBytes } from './range-header';
import type { CoreRegisters } from './register-notes';

/** The notes of VirtualBox's core: one VBCORE, then a VBCPU for each processor (include/VBox/vmm/dbgfcorefmt.h). */
export function virtualBoxNotes(cpus: readonly CoreRegisters[], version = 0x10006): CoreNote[] {
  const core = new Uint8Array(24);
  const view = new DataView(core.buffer);
  const fields = [0xc01ac0de, version, 24, 0x7000000, 1, cpus.length];
  for (const [index, value] of fields.entries()) view.setUint32(index * 4, value, true);
  const notes: CoreNote[] = [{ name: 'VBCORE', type: 0xb00, desc: core }];
  for (const registers of cpus) notes.push({ name: 'VBCPU', type: 0xb01, desc: cpuOf(registers) });
  return notes;
}

const EXTENDED_STATE = 64;

function cpuOf(registers: CoreRegisters): Uint8Array {
  const word = (name: string): Uint8Array => little(8, registers[name]);
  const words = (names: string): Uint8Array[] => names.split(' ').map(word);
  const segment = (name: string): Uint8Array =>
    concatBytes([
      word(`${name}_base`),
      little(4, registers[`${name}_limit`]),
      little(4, registers[`${name}_flags`]),
      little(8, registers[name]),
    ]);
  const table = (name: string): Uint8Array =>
    concatBytes([word(`${name}_base`), little(8, registers[`${name}_limit`])]);
  return concatBytes([
    ...words('rax rbx rcx rdx rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip rsp rbp rflags'),
    ...['cs', 'ds', 'es', 'fs', 'gs', 'ss'].map(segment),
    ...words('cr0 cr2 cr3 cr4 dr0 dr1 dr2 dr3 dr4 dr5 dr6 dr7'),
    table('gdtr'),
    table('idtr'),
    segment('ldtr'),
    segment('tr'),
    ...words('sysenter_cs sysenter_eip sysenter_esp efer star pat lstar cstar fmask kernel_gs_base'),
    ...words('apic_base tsc_aux xcr0 xcr1'),
    new Uint8Array(8 + EXTENDED_STATE),
  ]);
}

function little(size: 4 | 8, value: bigint | undefined): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(size * 8, value ?? 0n), true);
  return bytes.subarray(0, size);
}
