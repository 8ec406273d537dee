import {
  decodeCString,
  OsiError,
  offsetAddress,
  START_KERNEL_MAP,
  type VirtualAddress,
} from '@osi-linux/core';
import type { KernelSymbol, SymbolTable } from '../tables/symbol-table';
import { Btf } from '../types/btf';
import { ElfImage } from './elf-image';
import { type ElfSection, readElfSections } from './elf-sections';
import type { FileBytes } from './file-bytes';

/** The facts about its kernel that a `vmlinux` contains. */
export interface Vmlinux {
  /** Its types; `undefined` if it has no section `.BTF`. */
  readonly btf: Btf | undefined;
  /** Its symbols, at the addresses that it was linked for, moved by `kaslrShift`; `undefined` for a stripped one. */
  readonly symbols: SymbolTable | undefined;
  /**
   * The parts that it loads into memory, at their linked addresses; `undefined` if it has no x86 code, as in
   * a file of debugging information alone.
   */
  readonly image: ElfImage | undefined;
}

/** The parts of a `vmlinux` to read, and how. */
export interface VmlinuxOptions {
  /** By how many bytes the running kernel's image was moved: added to the addresses of the image. */
  readonly kaslrShift?: bigint;
}

const SHT_SYMTAB = 2;
const SHN_ABS = 0xfff1;
const STT_SECTION = 3;
const STT_FILE = 4;
/** KSYM_NAME_LEN: no name of a kernel is longer. */
const MAX_NAME = 512;
/** No section of types or symbols is larger. */
const MAX_SECTION = 256 * 1024 * 1024;

/**
 * Reads the types and symbols of a `vmlinux`, or of the debug file that belongs to one, little-endian.
 *
 * Only the section headers, `.BTF`, the symbol table and its strings are read, and the requested parts of the
 * image. The debugging information, which makes most of such a file, is not read (System V ABI, chapter 4).
 *
 * @throws OsiError `ELF_MALFORMED` where the file is no ELF or its sections reach behind its end; `BTF_MALFORMED`.
 *
 * @example
 * ```ts
 * readVmlinux({ size: 0, read: () => 0 }) // throws ELF_MALFORMED
 * ```
 */
export function readVmlinux(file: FileBytes, options: VmlinuxOptions = {}): Vmlinux {
  const elf = readElfSections(file);
  const types = elf.sections.find(({ name }) => name === '.BTF');
  const table = elf.sections.find(({ type }) => type === SHT_SYMTAB);
  const strings = table === undefined ? undefined : elf.sections[table.link];
  return {
    btf: types === undefined ? undefined : new Btf(readSection(file, types)),
    symbols:
      table === undefined || strings === undefined
        ? undefined
        : new ElfSymbols(
            readSection(file, table),
            readSection(file, strings),
            elf.is64Bit,
            options.kaslrShift ?? 0n,
          ),
    image: ElfImage.of(file, elf),
  };
}

/** The header of the sections has bounded `offset` and `size` by the file. */
function readSection(file: FileBytes, { name, offset, size }: ElfSection): Uint8Array {
  if (size > MAX_SECTION) {
    throw new OsiError('ELF_MALFORMED', `section ${name} of ${size} bytes is too large`, {
      hint: 'give the vmlinux of the kernel, or its System.map',
      fields: { section: name, size },
    });
  }
  const bytes = new Uint8Array(size);
  const count = file.read(offset, bytes);
  if (count === size) return bytes;
  throw new OsiError('ELF_MALFORMED', `section ${name} ends after ${count} of ${size} bytes`, {
    hint: 'the file is cut off: copy it again',
    fields: { section: name, size, count },
  });
}

class ElfSymbols implements SymbolTable {
  private readonly view: DataView;
  private readonly strings: Uint8Array;
  private readonly is64Bit: boolean;
  private readonly shift: bigint;

  constructor(table: Uint8Array, strings: Uint8Array, is64Bit: boolean, shift: bigint) {
    this.view = new DataView(table.buffer, table.byteOffset, table.length);
    this.strings = strings;
    this.is64Bit = is64Bit;
    this.shift = shift;
  }

  lookup(names: readonly string[]): Map<string, VirtualAddress> {
    const wanted = new Set(names);
    const found = new Map<string, VirtualAddress>();
    for (const { name, address } of this.each()) {
      if (!wanted.delete(name)) continue;
      found.set(name, address);
      if (wanted.size === 0) break;
    }
    return found;
  }

  *each(): Generator<KernelSymbol, void, undefined> {
    const step = this.is64Bit ? 24 : 16;
    for (let at = 0; at + step <= this.view.byteLength; at += step) {
      const { info, section, value } = this.entry(at);
      const kind = info & 0xf;
      const nameAt = this.view.getUint32(at, true);
      if (section === 0 || kind === STT_SECTION || kind === STT_FILE || nameAt === 0) continue;
      const name = decodeCString(this.strings, nameAt, Math.min(nameAt + MAX_NAME, this.strings.length));
      if (name === '') continue;
      yield { name, type: typeLetter(info, section), address: this.moved(value, section) };
    }
  }

  /** Elf64_Sym and Elf32_Sym have the same fields in another order. */
  private entry(at: number): { info: number; section: number; value: bigint } {
    const view = this.view;
    return this.is64Bit
      ? {
          info: view.getUint8(at + 4),
          section: view.getUint16(at + 6, true),
          value: view.getBigUint64(at + 8, true),
        }
      : {
          info: view.getUint8(at + 12),
          section: view.getUint16(at + 14, true),
          value: BigInt(view.getUint32(at + 4, true)),
        };
  }

  private moved(value: bigint, section: number): VirtualAddress {
    if (this.shift === 0n || section === SHN_ABS || (this.is64Bit && value < START_KERNEL_MAP)) return value;
    return this.is64Bit ? offsetAddress(value + this.shift, 0) : BigInt.asUintN(32, value + this.shift);
  }
}

/** As `nm` would print it, as far as that is known without the section: functions, data, constants. */
function typeLetter(info: number, section: number): string {
  const letter = section === SHN_ABS ? 'a' : (info & 0xf) === 2 ? 't' : 'd';
  return info >> 4 === 0 ? letter : letter.toUpperCase();
}
