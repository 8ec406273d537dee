import type { Cpu, X86Register, X86Segment, X86Table } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { MutableRegisters } from '../../registers';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import type { DeviceSection } from './sections';
import type { StateField } from './vmdesc';

// QEMU target/i386/cpu.h: the order of CPUX86State.regs and of CPUX86State.segs.
const GENERAL = [
  ...(['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
];
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;
// Fields of vmstate_x86_cpu (QEMU target/i386/machine.c) that hold one register, or one segment.
const SINGLE: readonly (readonly [register: X86Register, field: string])[] = [
  ['rip', 'env.eip'],
  ['rflags', 'env.eflags'],
  ['cr0', 'env.cr[0]'],
  ['cr2', 'env.cr[2]'],
  ['cr3', 'env.cr[3]'],
  ['cr4', 'env.cr[4]'],
  ['efer', 'env.efer'],
  ['star', 'env.star'],
  ['lstar', 'env.lstar'],
  ['cstar', 'env.cstar'],
  ['fmask', 'env.fmask'],
  ['kernel_gs_base', 'env.kernelgsbase'],
  ['sysenter_cs', 'env.sysenter_cs'],
  ['sysenter_esp', 'env.sysenter_esp'],
  ['sysenter_eip', 'env.sysenter_eip'],
];
const SEGMENT_FIELDS: readonly (readonly [register: X86Segment | X86Table, field: string])[] = [
  ['ldtr', 'env.ldt'],
  ['tr', 'env.tr'],
  ['gdtr', 'env.gdt'],
  ['idtr', 'env.idt'],
];

const MOST_BYTES = 64 * 1024;
const MOST_CPUS = 4096;
const LAST_FIXED_VERSION = 12;

/**
 * The processors of a stream: registers by the stream's own description, else by the layout that `cpu` sections begin
 * with in QEMU 2.9, and in 7.2 as well.
 */
export function cpusOfSections(
  source: ByteSource,
  sections: readonly DeviceSection[],
  findings: Finding[],
): Cpu[] {
  const cpus: Cpu[] = [];
  const unread: DeviceSection[] = [];
  for (const section of sections) {
    if (section.name !== 'cpu' || cpus.length >= MOST_CPUS) continue;
    const bytes = readAt(source, section.position, Math.min(section.length, MOST_BYTES));
    const registers = readRegisters(bytes, section);
    if (registers === undefined) unread.push(section);
    else cpus.push({ index: section.instance, registers });
  }
  if (unread[0] !== undefined) {
    const { instance, length, version } = unread[0];
    findings.push({
      what: 'cpu-section',
      value: `the registers of ${unread.length} processors could not be read`,
      evidence: `the section of processor ${instance} has ${length} bytes of an unknown layout, version ${version}`,
    });
  }
  cpus.sort((a, b) => a.index - b.index);
  return cpus.map((cpu, index) => ({ ...cpu, index }));
}

function readRegisters(bytes: Uint8Array, section: DeviceSection): MutableRegisters | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { description } = section;
  // A length that is not the described one was found by searching: the description is another section's.
  if (description !== undefined && description.size === section.length) {
    return readFields(view, description.fields);
  }
  if (section.version > LAST_FIXED_VERSION) return undefined;
  for (const wordSize of [8, 4] as const) {
    const registers = readFields(view, fixedFields(wordSize));
    if (registers !== undefined && isPlausible(registers)) return registers;
  }
  return undefined;
}

function readFields(view: DataView, fields: readonly StateField[]): MutableRegisters | undefined {
  const registers: MutableRegisters = {};
  const byName = new Map(fields.map((field) => [field.name, field]));
  const general = byName.get('env.regs');
  for (let index = 0; index < Math.min(GENERAL.length, general?.count ?? 0); index += 1) {
    read(registers, GENERAL[index], view, general, index);
  }
  for (const [register, name] of SINGLE) read(registers, register, view, byName.get(name), 0);
  const segments = byName.get('env.segs');
  for (const [index, name] of SEGMENTS.entries()) readSegment(registers, name, view, segments, index);
  for (const [name, field] of SEGMENT_FIELDS) readSegment(registers, name, view, byName.get(field), 0);
  return registers.cr3 === undefined ? undefined : registers;
}

function readSegment(
  registers: MutableRegisters,
  name: X86Segment | X86Table,
  view: DataView,
  field: StateField | undefined,
  element: number,
): void {
  if (field === undefined || element >= field.count) return;
  const start = field.offset + element * field.size;
  for (const member of field.members) {
    read(registers, registerOf(name, member.name), view, { ...member, offset: start + member.offset }, 0);
  }
}

/** The register that a field of SegmentCache holds; those of descriptor tables have a selector and flags of no meaning. */
function registerOf(name: X86Segment | X86Table, field: string): X86Register | undefined {
  if (field === 'base' || field === 'limit') return `${name}_${field}`;
  if (name === 'gdtr' || name === 'idtr') return undefined;
  if (field === 'selector') return name;
  return field === 'flags' ? `${name}_flags` : undefined;
}

function read(
  registers: MutableRegisters,
  register: X86Register | undefined,
  view: DataView,
  field: StateField | undefined,
  element: number,
): void {
  if (register === undefined || field === undefined) return;
  const at = field.offset + element * field.size;
  if (at + field.size > view.byteLength) return;
  if (field.size === 8) registers[register] = view.getBigUint64(at);
  else if (field.size === 4) registers[register] = BigInt(view.getUint32(at));
}

/** vmstate_x86_cpu up to its version 12, with registers of 8 bytes (x86_64) or 4 (i386), up to kernelgsbase. */
function fixedFields(word: 4 | 8): StateField[] {
  const fields: StateField[] = [];
  let offset = 0;
  const add = (name: string, size: number, count = 1, members: readonly StateField[] = []): void => {
    fields.push({ name, offset, size, count, members });
    offset += size * count;
  };
  const count = word === 8 ? 16 : 8;
  const segment = segmentMembers(word);
  const segmentSize = 12 + word;
  add('env.regs', word, count);
  add('env.eip', word);
  add('env.eflags', word);
  add('env.hflags', 4);
  add('fpuc, fpus, fptag, fpregs_format', 2, 4);
  add('env.fpregs', 10, 8);
  add('env.segs', segmentSize, SEGMENTS.length, segment);
  for (const [, name] of SEGMENT_FIELDS) add(name, segmentSize, 1, segment);
  add('env.sysenter_cs', 4);
  for (const name of ['env.sysenter_esp', 'env.sysenter_eip']) add(name, word);
  for (const number of [0, 2, 3, 4]) add(`env.cr[${number}]`, word);
  if (word === 4) return fields;
  add('env.dr', word, 8);
  add('a20_mask, mxcsr', 4, 2);
  add('env.xmm_regs', 16, count);
  for (const name of ['efer', 'star', 'lstar', 'cstar', 'fmask', 'kernelgsbase']) add(`env.${name}`, 8);
  return fields;
}

function segmentMembers(word: 4 | 8): StateField[] {
  const member = (name: string, offset: number, size: number): StateField => {
    return { name, offset, size, count: 1, members: [] };
  };
  return [
    member('selector', 0, 4),
    member('base', 4, word),
    member('limit', 4 + word, 4),
    member('flags', 8 + word, 4),
  ];
}

/** Selectors have 16 bits, RFLAGS 22 with bit 1 always set, CR0 bit 4 is set, CR3 is below 2^52, CR4 has 32 bits. */
function isPlausible(registers: MutableRegisters): boolean {
  const value = (name: X86Register): bigint => registers[name] ?? 0n;
  const selectors = ([...SEGMENTS, 'ldtr', 'tr'] as const).every((name) => value(name) < 0x10000n);
  const rflags = value('rflags');
  const flags = rflags < 0x400000n && (rflags & 2n) === 2n;
  const control = (value('cr0') & 0x10n) !== 0n && value('cr0') < 2n ** 32n && value('cr4') < 2n ** 32n;
  return selectors && flags && control && value('cr3') < 2n ** 52n;
}

/** The machine by its processors: QEMU's own dumps go by EFER.LMA too. */
export function machineOfCpus(cpus: readonly Cpu[]): 'x86_64' | 'i386' | undefined {
  const EFER_LMA = 0x400n;
  const CR0_PG = 0x80000000n;
  if (cpus.some(({ registers }) => ((registers.efer ?? 0n) & EFER_LMA) !== 0n)) return 'x86_64';
  const paging = cpus.some(({ registers }) => ((registers.cr0 ?? 0n) & CR0_PG) !== 0n);
  return paging ? 'i386' : undefined;
}
