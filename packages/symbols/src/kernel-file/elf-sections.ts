import { decodeCString, OsiError } from '@osi-linux/core';
import type { FileBytes } from './file-bytes';

/** A section of an ELF file, inside of it. */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** SHF_ALLOC and its like. */
  readonly flags: number;
  /** Where it is in memory; 0 where it is not loaded. */
  readonly address: bigint;
  /** Number of the section that belongs to it: the strings of a symbol table. */
  readonly link: number;
  /** Position in the file. */
  readonly offset: number;
  readonly size: number;
}

/** The sections of an ELF file. */
export interface ElfSections {
  /** Whether it is of 64 bits. */
  readonly is64Bit: boolean;
  /** EM_386, EM_X86_64 ... */
  readonly machine: number;
  readonly sections: readonly ElfSection[];
}

const SHT_NOBITS = 8;
const SHN_XINDEX = 0xffff;
const MAX_SECTIONS = 1 << 20;
const MAX_NAMES = 64 * 1024 * 1024;
/** No section has a longer name. */
const MAX_NAME = 256;

/** Reads the section headers of a little-endian ELF file (System V ABI, chapter 4). */
export function readElfSections(file: FileBytes): ElfSections {
  const header = readAt(file, 0, 64, 'the header');
  const is64Bit = header.getUint8(4) === 2;
  if (header.getUint32(0, false) !== 0x7f454c46 || header.getUint8(5) !== 1) {
    throw malformed('not a little-endian ELF file', 'give the vmlinux of the kernel, uncompressed');
  }
  const tableAt = is64Bit ? Number(header.getBigUint64(40, true)) : header.getUint32(32, true);
  const [sizeAt, step] = is64Bit ? [58, 64] : [46, 40];
  const first = readHeaders(file, { at: tableAt, count: 1, step, is64Bit })[0];
  // The first section holds the number of sections if 16 bits cannot hold it.
  const count = header.getUint16(sizeAt + 2, true) || (first?.size ?? 0);
  const namesAt = header.getUint16(sizeAt + 4, true);
  const raw = readHeaders(file, { at: tableAt, count, step, is64Bit });
  const names = raw[namesAt === SHN_XINDEX ? (first?.link ?? 0) : namesAt];
  const text = names === undefined ? new Uint8Array(0) : readNames(file, names);
  return {
    is64Bit,
    machine: header.getUint16(18, true),
    sections: raw.map((section) => ({
      ...section,
      name: decodeCString(text, section.nameAt, Math.min(section.nameAt + MAX_NAME, text.length)),
    })),
  };
}

type RawSection = Omit<ElfSection, 'name'> & { readonly nameAt: number };

function readHeaders(
  file: FileBytes,
  { at, count, step, is64Bit }: { at: number; count: number; step: number; is64Bit: boolean },
): RawSection[] {
  if (count > MAX_SECTIONS)
    throw malformed(`it claims ${count} sections`, 'the file is damaged: copy it again');
  const view = readAt(file, at, count * step, 'the section headers');
  return Array.from({ length: count }, (_, index) => {
    const start = index * step;
    const long = (offset: number): number => Number(view.getBigUint64(start + offset, true));
    const word = (offset: number): number => view.getUint32(start + offset, true);
    const type = word(4);
    const [offset, size] = is64Bit ? [long(24), long(32)] : [word(16), word(20)];
    // The first header has a count in its size, and NOBITS have no bytes in the file.
    if (index > 0 && type !== SHT_NOBITS && offset + size > file.size) {
      throw malformed(
        `section ${index} ends at byte ${offset + size} of ${file.size}`,
        'the file is cut off: copy it again',
      );
    }
    const address = is64Bit ? view.getBigUint64(start + 16, true) : BigInt(word(12));
    return { nameAt: word(0), type, flags: word(8), address, link: word(is64Bit ? 40 : 24), offset, size };
  });
}

function readNames(file: FileBytes, { offset, size }: RawSection): Uint8Array {
  if (size > MAX_NAMES) throw malformed(`its names take ${size} bytes`, 'the file is damaged: copy it again');
  const { buffer, byteOffset, byteLength } = readAt(file, offset, size, 'the names of sections');
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readAt(file: FileBytes, at: number, size: number, what: string): DataView {
  if (at < 0 || at + size > file.size) {
    throw malformed(
      `${what} would end at byte ${at + size} of ${file.size}`,
      'give the vmlinux of the kernel; a vmlinuz is another format',
    );
  }
  const bytes = new Uint8Array(size);
  const count = file.read(at, bytes);
  if (count !== size) throw malformed(`${what} end after ${count} of ${size} bytes`, 'copy the file again');
  return new DataView(bytes.buffer);
}

function malformed(what: string, hint: string): OsiError {
  return new OsiError('ELF_MALFORMED', `the ELF file cannot be read: ${what}`, { hint });
}
