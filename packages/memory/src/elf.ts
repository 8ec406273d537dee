import { decodeCString, formatAddress, OsiError, type PhysicalRange } from '@osi-linux/core';
import type { ByteSource } from './byte-source';
import type { Dump, DumpFormat, Finding } from './dump';
import { cpusOfNotes } from './internal/cpu-notes';
import {
  type ElfHeader,
  eachProgramHeader,
  isElf,
  malformed,
  type ProgramHeader,
  readElfHeader,
} from './internal/elf-header';
import { type ElfNote, parseNotes } from './internal/elf-notes';
import { MappedMemory } from './internal/mapped-memory';
import { readAt } from './internal/read-at';
import type { FileRun } from './internal/runs';

/**
 * ELF cores of a whole machine: QEMU's `dump-guest-memory`, makedumpfile's, VirtualBox's, `/proc/vmcore`.
 *
 * PT_LOAD segments are placed by `p_paddr`; where they overlap the first one counts.
 */
export const elf: DumpFormat = {
  name: 'elf',
  probe: (source) => (isElf(source) ? 'yes' : 'no'),
  open: openElf,
};

const ET_CORE = 4;
const KINDS: Readonly<Record<number, string>> = {
  1: 'a relocatable object, such as a kernel module',
  2: 'an executable, such as vmlinux',
  3: 'a shared object or an executable',
};

const EM_386 = 3;
const EM_X86_64 = 62;

const PT_LOAD = 1;
const PT_NOTE = 4;
const PHYSICAL_END = 2 ** 52;

// Registers of thousands of processors fit; what is longer is cut and told.
const MOST_NOTE_BYTES = 16 * 1024 * 1024;

function openElf(source: ByteSource): Dump {
  const header = readElfHeader(source);
  if (header.type !== ET_CORE)
    throw notACore(source, KINDS[header.type] ?? `ELF type ${header.type}`, header.type);
  const findings: Finding[] = [];
  const segments = readSegments(source, header, findings);
  rejectProcessCore(source, segments.loads);
  const memory = new MappedMemory(source, mapOfLoads(source, segments.loads, findings));
  const notes = readNotes(source, segments.notes, findings);
  const machine = machineOf(header, findings);
  const vmcoreinfo = notes.find((note) => note.name === 'VMCOREINFO')?.desc;
  return {
    format: 'elf',
    memory,
    cpus: machine === undefined ? [] : cpusOfNotes(notes, findings),
    ...(machine === undefined ? {} : { machine }),
    ...(vmcoreinfo === undefined ? {} : { vmcoreinfo: decodeCString(vmcoreinfo) }),
    findings,
    close: () => source.close(),
  };
}

function notACore(source: ByteSource, kind: string, type: number): OsiError {
  return new OsiError('DUMP_NOT_A_CORE', `${source.name} is ${kind}, not the memory of a guest`, {
    hint: 'give the core of a whole machine: dump-guest-memory in the QEMU monitor makes one',
    fields: { source: source.name, type },
  });
}

interface Segments {
  readonly loads: readonly ProgramHeader[];
  readonly notes: readonly ProgramHeader[];
}

function readSegments(source: ByteSource, header: ElfHeader, findings: Finding[]): Segments {
  const loads: ProgramHeader[] = [];
  const notes: ProgramHeader[] = [];
  const refused: ProgramHeader[] = [];
  let count = 0;
  for (const segment of eachProgramHeader(source, header)) {
    count += 1;
    if (segment.type !== PT_LOAD && segment.type !== PT_NOTE) continue;
    const sane = Number.isSafeInteger(segment.offset + segment.filesz);
    const fits =
      segment.type === PT_NOTE || segment.paddr + Math.max(segment.filesz, segment.memsz) <= PHYSICAL_END;
    if (!sane || !fits) refused.push(segment);
    else (segment.type === PT_LOAD ? loads : notes).push(segment);
  }
  if (count < header.phnum) {
    if (count === 0)
      throw malformed(source, `its program headers, at ${header.phoff}, are outside`, { ...header });
    const evidence = `e_phnum is ${header.phnum}, the file ends after ${count}`;
    findings.push({
      what: 'truncated',
      value: `${header.phnum - count} program headers are missing`,
      evidence,
    });
  }
  const first = refused[0];
  if (first !== undefined) {
    const evidence = `the first one has p_paddr ${formatAddress(first.paddr)}, p_offset ${formatAddress(first.offset)}`;
    findings.push({
      what: 'segments',
      value: `${refused.length} refused for addresses that cannot be`,
      evidence,
    });
  }
  return { loads, notes };
}

/** The core of one process has virtual addresses only: `p_paddr` is 0 all over. */
function rejectProcessCore(source: ByteSource, loads: readonly ProgramHeader[]): void {
  if (loads.length < 2 || loads.some((load) => load.paddr !== 0)) return;
  throw notACore(source, 'the core of one process (each p_paddr is 0)', ET_CORE);
}

function mapOfLoads(source: ByteSource, loads: readonly ProgramHeader[], findings: Finding[]) {
  const present: FileRun[] = [];
  const lost: PhysicalRange[] = [];
  const undumped: PhysicalRange[] = [];
  let fileEnd = 0;
  for (const { offset, paddr, filesz, memsz } of loads) {
    const there = Math.min(filesz, Math.max(0, source.size - offset));
    if (there > 0) present.push({ start: paddr, end: paddr + there, offset });
    if (there < filesz) lost.push({ start: paddr + there, end: paddr + filesz });
    if (filesz < memsz) undumped.push({ start: paddr + filesz, end: paddr + memsz });
    if (filesz > 0) fileEnd = Math.max(fileEnd, offset + filesz);
  }
  if (fileEnd > source.size) {
    const evidence = `the last PT_LOAD ends at offset ${fileEnd}, the file at ${source.size}`;
    findings.push({ what: 'truncated', value: `${fileEnd - source.size} bytes are missing`, evidence });
  }
  return { present, lost, undumped };
}

function readNotes(source: ByteSource, segments: readonly ProgramHeader[], findings: Finding[]): ElfNote[] {
  const all: ElfNote[] = [];
  let budget = MOST_NOTE_BYTES;
  for (const { offset, filesz } of segments) {
    const bytes = readAt(source, offset, Math.min(filesz, budget));
    budget -= bytes.length;
    const { notes, damage } = parseNotes(bytes);
    for (const note of notes) all.push(note);
    const cut = bytes.length < filesz ? `PT_NOTE has ${filesz} bytes, ${bytes.length} were read` : undefined;
    const evidence = damage ?? cut;
    if (evidence !== undefined)
      findings.push({ what: 'notes', value: 'not all notes could be read', evidence });
    if (budget <= 0) break;
  }
  return all;
}

function machineOf(header: ElfHeader, findings: Finding[]): 'x86_64' | 'i386' | undefined {
  if (header.machine === EM_X86_64) return 'x86_64';
  if (header.machine === EM_386) return 'i386';
  const evidence = `e_machine is ${header.machine}; x86_64 is ${EM_X86_64}, i386 is ${EM_386}`;
  findings.push({ what: 'machine', value: 'not x86; registers are not read', evidence });
  return undefined;
}
