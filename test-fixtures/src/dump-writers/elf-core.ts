import type { CoreSegment } from './core-segments';
import { type CoreRegisters, prstatus32, prstatus64, qemuCpuState } from './register-notes';

/** A note of an ELF file. */
export interface CoreNote {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

/** The contents of the notes of a core file. */
export type CoreNotes = Pick<ElfCoreContent, 'cpus' | 'machine' | 'vmcoreinfo' | 'notes'>;

/** Memory that is mapped: it must lie in one segment. */
export interface CoreMapping {
  readonly virtual: bigint;
  readonly physical: number;
  readonly length: number;
}

/** The contents of an ELF core file. */
export interface ElfCoreContent {
  readonly segments: readonly CoreSegment[];
  /**
   * Parts of the segments that name their bytes, once for each place where they are mapped, as QEMU writes
   * them with `paging=true`. In place of one PT_LOAD for each segment.
   */
  readonly mappings?: readonly CoreMapping[];
  /** Registers of each processor; one that has `cr3` gets a QEMU note beside its NT_PRSTATUS. */
  readonly cpus?: readonly CoreRegisters[];
  readonly machine: 'x86_64' | 'i386';
  /** Text of a VMCOREINFO note. */
  readonly vmcoreinfo?: string;
  /** Notes that come after those. */
  readonly notes?: readonly CoreNote[];
  /** 64 unless given; QEMU writes 64 for many 32-bit guests too. */
  readonly elfClass?: 32 | 64;
  /**
   * `qemu` (the default) puts two section headers between the ELF header and the program headers, as QEMU does from
   * 7.2 on, so that `e_phoff` is 192 in 64 bits; `plain` has no section headers.
   */
  readonly layout?: 'qemu' | 'plain';
}

const ET_CORE = 4;
const EM = { i386: 3, x86_64: 62 } as const;
const PT_LOAD = 1;
const PT_NOTE = 4;
const PN_XNUM = 0xffff;

const SIZES = {
  32: { elf: 52, section: 40, program: 32 },
  64: { elf: 64, section: 64, program: 56 },
} as const;

interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  /** `p_vaddr`; the physical address unless given. */
  readonly virtual?: bigint;
  readonly physical: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

/** Writes an ELF core of a machine, from the ELF specification (gABI chapters 4 and 5) and QEMU's note layouts. */
export function writeElfCore(content: ElfCoreContent): Uint8Array {
  const elfClass = content.elfClass ?? 64;
  const size = SIZES[elfClass];
  const notes = joinNotes(content);
  const phnum = (content.mappings ?? content.segments).length + 1;
  // A count that e_phnum cannot hold goes into section header 0, which must then exist.
  const sections = content.layout === 'plain' && phnum < PN_XNUM ? 0 : 2;
  const phoff = size.elf + sections * size.section;
  const noteAt = phoff + phnum * size.program;
  const noteHeader = {
    type: PT_NOTE,
    offset: noteAt,
    physical: 0,
    fileSize: notes.length,
    memorySize: notes.length,
  };
  const loads: ProgramHeader[] = [];
  let end = noteAt + notes.length;
  for (const { physical, bytes, memorySize } of content.segments) {
    const fileSize = bytes.length;
    loads.push({ type: PT_LOAD, offset: end, physical, fileSize, memorySize: memorySize ?? fileSize });
    end += fileSize;
  }
  const headers = [
    noteHeader,
    ...(content.mappings?.map((mapping) => mappedHeader(loads, mapping)) ?? loads),
  ];
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  writeElfHeader(file, view, { elfClass, machine: content.machine, phoff, phnum, sections });
  if (sections > 0 && phnum >= PN_XNUM) view.setUint32(size.elf + (elfClass === 64 ? 44 : 28), phnum, true);
  for (const [index, header] of headers.entries()) {
    writeProgramHeader(view, phoff + index * size.program, header, elfClass);
  }
  file.set(notes, noteAt);
  for (const [index, { bytes }] of content.segments.entries()) file.set(bytes, loads[index]?.offset);
  return file;
}

/** The header of a mapping, which has its bytes where those of its segment are. */
function mappedHeader(
  loads: readonly ProgramHeader[],
  { virtual, physical, length }: CoreMapping,
): ProgramHeader {
  const load = loads.find(
    (one) => one.physical <= physical && physical + length <= one.physical + one.fileSize,
  );
  if (load === undefined) throw new RangeError(`no segment has physical ${physical}`);
  const offset = load.offset + physical - load.physical;
  return { type: PT_LOAD, offset, virtual, physical, fileSize: length, memorySize: length };
}

interface HeaderFields {
  readonly elfClass: 32 | 64;
  readonly machine: 'x86_64' | 'i386';
  readonly phoff: number;
  readonly phnum: number;
  readonly sections: number;
}

function writeElfHeader(file: Uint8Array, view: DataView, fields: HeaderFields): void {
  const { elfClass, machine, phoff, phnum, sections } = fields;
  const size = SIZES[elfClass];
  file.set([0x7f, 0x45, 0x4c, 0x46, elfClass === 64 ? 2 : 1, 1, 1]);
  view.setUint16(16, ET_CORE, true);
  view.setUint16(18, EM[machine], true);
  view.setUint32(20, 1, true);
  const shoff = sections > 0 ? size.elf : 0;
  if (elfClass === 64) {
    view.setBigUint64(32, BigInt(phoff), true);
    view.setBigUint64(40, BigInt(shoff), true);
  } else {
    view.setUint32(28, phoff, true);
    view.setUint32(32, shoff, true);
  }
  // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum: two bytes each. QEMU's e_ehsize is 8.
  const at = elfClass === 64 ? 52 : 40;
  const counts = [
    sections > 0 ? 8 : size.elf,
    size.program,
    Math.min(phnum, PN_XNUM),
    size.section,
    sections,
  ];
  for (const [index, count] of counts.entries()) view.setUint16(at + index * 2, count, true);
}

function writeProgramHeader(view: DataView, at: number, header: ProgramHeader, elfClass: 32 | 64): void {
  const { type, offset, physical, fileSize, memorySize } = header;
  view.setUint32(at, type, true);
  if (elfClass === 32) {
    const words = [offset, Number(header.virtual ?? physical), physical, fileSize, memorySize];
    for (const [index, word] of words.entries()) view.setUint32(at + 4 + index * 4, word, true);
    return;
  }
  const words = [offset, header.virtual ?? physical, physical, fileSize, memorySize];
  for (const [index, word] of words.entries()) view.setBigUint64(at + 8 + index * 8, BigInt(word), true);
}

/** The notes of a core, one after the other. */
export function joinNotes(content: CoreNotes): Uint8Array {
  const status = content.machine === 'x86_64' ? prstatus64 : prstatus32;
  const cpus = content.cpus ?? [];
  const notes: CoreNote[] = cpus.map((registers, index) => {
    return { name: 'CORE', type: 1, desc: status(registers, index + 1) };
  });
  for (const registers of cpus) {
    if (registers['cr3'] !== undefined) notes.push({ name: 'QEMU', type: 0, desc: qemuCpuState(registers) });
  }
  if (content.vmcoreinfo !== undefined) {
    notes.push({ name: 'VMCOREINFO', type: 0, desc: new TextEncoder().encode(content.vmcoreinfo) });
  }
  const encoded = [...notes, ...(content.notes ?? [])].map(encodeNote);
  const joined = new Uint8Array(encoded.reduce((sum, note) => sum + note.length, 0));
  let at = 0;
  for (const note of encoded) {
    joined.set(note, at);
    at += note.length;
  }
  return joined;
}

function encodeNote({ name, type, desc }: CoreNote): Uint8Array {
  const nameBytes = new TextEncoder().encode(`${name}\0`);
  const descAt = 12 + Math.ceil(nameBytes.length / 4) * 4;
  const bytes = new Uint8Array(descAt + Math.ceil(desc.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nameBytes.length, true);
  view.setUint32(4, desc.length, true);
  view.setUint32(8, type, true);
  bytes.set(nameBytes, 12);
  bytes.set(desc, descAt);
  return bytes;
}
