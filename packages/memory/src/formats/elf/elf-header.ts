import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import { damagedDump } from '../unsupported/damaged-dump';
import { otherMachine, otherMachineOfElf } from '../unsupported/other-machine';

/** Where the fields of an ELF class lie, in bytes (System V gABI, chapter 4 and 5: ELF, program, section header). */
interface ElfLayout {
  readonly headerSize: number;
  readonly wordSize: 4 | 8;
  readonly phoff: number;
  readonly shoff: number;
  readonly phentsize: number;
  readonly phnum: number;
  readonly shentsize: number;
  readonly programHeader: ProgramHeaderLayout;
  readonly sectionInfo: number;
}

interface ProgramHeaderLayout {
  readonly size: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly paddr: number;
  readonly filesz: number;
  readonly memsz: number;
}

const ELF32: ElfLayout = {
  headerSize: 52,
  wordSize: 4,
  phoff: 28,
  shoff: 32,
  phentsize: 42,
  phnum: 44,
  shentsize: 46,
  programHeader: { size: 32, offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20 },
  sectionInfo: 28,
};

const ELF64: ElfLayout = {
  headerSize: 64,
  wordSize: 8,
  phoff: 32,
  shoff: 40,
  phentsize: 54,
  phnum: 56,
  shentsize: 58,
  programHeader: { size: 56, offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40 },
  sectionInfo: 44,
};

/** A program header; numbers above 2^53 are rounded, and are refused for being too large all the same. */
export interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly paddr: number;
  readonly filesz: number;
  readonly memsz: number;
}

/** The needed fields of an ELF header. */
export interface ElfHeader {
  readonly layout: ElfLayout;
  readonly type: number;
  readonly machine: number;
  readonly phoff: number;
  readonly phentsize: number;
  readonly phnum: number;
}

const ELF_MAGIC = 0x7f454c46;
const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const PN_XNUM = 0xffff;

// QEMU's paging dumps have one for each run of mapped pages: 65,867 were seen for a guest of 512 MB.
const MOST_PROGRAM_HEADERS = 2 ** 22;
const CHUNK_HEADERS = 1024;

/** Whether a source begins as ELF files do. */
export function isElf(source: ByteSource): boolean {
  const head = readAt(source, 0, 4);
  return head.length === 4 && viewOf(head).getUint32(0) === ELF_MAGIC;
}

/**
 * @throws OsiError `DUMP_MALFORMED` where the header is cut off or contradicts itself, `DUMP_MACHINE_UNSUPPORTED` for
 * a big-endian file.
 */
export function readElfHeader(source: ByteSource): ElfHeader {
  const view = viewOf(readAt(source, 0, ELF64.headerSize));
  if (view.byteLength < 16) throw malformed(source, 'the ELF header is cut off', { size: source.size });
  const elfClass = view.getUint8(4);
  const data = view.getUint8(5);
  if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) {
    throw malformed(source, `ELF class ${elfClass}, expected 1 or 2`, { elfClass });
  }
  if (data !== ELFDATA2LSB) {
    const machine = view.byteLength < 20 ? undefined : otherMachineOfElf(view.getUint16(18));
    if (machine !== undefined) throw otherMachine(source, 'an ELF file', machine, 'big-endian');
    throw new OsiError(
      'DUMP_MACHINE_UNSUPPORTED',
      `${source.name} is not a little-endian ELF file (EI_DATA is ${data})`,
      {
        hint: 'only x86 guests are supported',
        fields: { source: source.name, data },
      },
    );
  }
  const layout = elfClass === ELFCLASS32 ? ELF32 : ELF64;
  if (view.byteLength < layout.headerSize)
    throw malformed(source, 'the ELF header is cut off', { size: source.size });
  const header = {
    layout,
    type: view.getUint16(16, true),
    machine: view.getUint16(18, true),
    phoff: word(view, layout.phoff, layout),
    phentsize: view.getUint16(layout.phentsize, true),
  };
  return { ...header, phnum: countProgramHeaders(source, layout, view) };
}

/** Above 65,534 program headers the count is in `sh_info` of section 0 (gABI, `e_phnum`). */
function countProgramHeaders(source: ByteSource, layout: ElfLayout, view: DataView): number {
  const phnum = view.getUint16(layout.phnum, true);
  if (phnum !== PN_XNUM) return phnum;
  const shoff = word(view, layout.shoff, layout);
  const section = shoff === 0 ? new Uint8Array(0) : readAt(source, shoff, layout.sectionInfo + 4);
  if (section.length < layout.sectionInfo + 4) {
    throw malformed(source, 'e_phnum is PN_XNUM, but there is no section header with the count', { shoff });
  }
  return viewOf(section).getUint32(layout.sectionInfo, true);
}

/**
 * The program headers that the file holds, in order; fewer than `phnum` where it ends before.
 *
 * @throws OsiError `DUMP_MALFORMED` for sizes that cannot be.
 */
export function* eachProgramHeader(source: ByteSource, header: ElfHeader): Generator<ProgramHeader> {
  const { layout, phoff, phentsize, phnum } = header;
  if (phnum > MOST_PROGRAM_HEADERS) {
    throw malformed(source, `${phnum} program headers, at most ${MOST_PROGRAM_HEADERS} are read`, { phnum });
  }
  if (phnum > 0 && (phentsize < layout.programHeader.size || phentsize > 4096)) {
    throw malformed(source, `e_phentsize ${phentsize}, expected ${layout.programHeader.size}`, { phentsize });
  }
  for (let done = 0; done < phnum; ) {
    const count = Math.min(CHUNK_HEADERS, phnum - done);
    const view = viewOf(readAt(source, phoff + done * phentsize, count * phentsize));
    const whole = Math.floor(view.byteLength / Math.max(1, phentsize));
    for (let index = 0; index < whole; index += 1) yield programHeader(view, index * phentsize, layout);
    if (whole < count) return;
    done += whole;
  }
}

function programHeader(view: DataView, at: number, layout: ElfLayout): ProgramHeader {
  const fields = layout.programHeader;
  return {
    type: view.getUint32(at, true),
    offset: word(view, at + fields.offset, layout),
    vaddr: word(view, at + fields.vaddr, layout),
    paddr: word(view, at + fields.paddr, layout),
    filesz: word(view, at + fields.filesz, layout),
    memsz: word(view, at + fields.memsz, layout),
  };
}

/** `p_paddr` and `p_offset` of a program header as they are, without the rounding of {@link ProgramHeader}. */
export function exactPlace(
  source: ByteSource,
  { layout, phoff, phentsize }: ElfHeader,
  index: number,
): { readonly paddr: bigint; readonly offset: bigint } {
  const { programHeader } = layout;
  const bytes = new Uint8Array(programHeader.size);
  source.read(phoff + index * phentsize, bytes);
  const exact = (at: number): bigint =>
    layout.wordSize === 4 ? BigInt(viewOf(bytes).getUint32(at, true)) : viewOf(bytes).getBigUint64(at, true);
  return { paddr: exact(programHeader.paddr), offset: exact(programHeader.offset) };
}

/** The error of an ELF file that contradicts itself. */
export function malformed(
  source: ByteSource,
  what: string,
  fields: Readonly<Record<string, unknown>>,
): OsiError {
  return damagedDump(source, 'ELF file', what, fields);
}

function word(view: DataView, at: number, layout: ElfLayout): number {
  const low = view.getUint32(at, true);
  return layout.wordSize === 4 ? low : view.getUint32(at + 4, true) * 0x100000000 + low;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
