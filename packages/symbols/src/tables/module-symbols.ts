import {
  decodeCString,
  formatAddress,
  OsiError,
  offsetAddress,
  PAGE_SIZE,
  readBytes,
  readPartial,
  type Skipped,
  type Subject,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import type { TypeSource } from '../types/type-source';
import type { KernelSymbol, SymbolTable } from './symbol-table';

/** Where the fields of a module are, in bytes; BTF has them all. */
export interface ModuleLayout {
  /** `module.list`, the link in the list `modules`. */
  readonly list: number;
  /** `module.name`. */
  readonly name: number;
  /** Bytes of `module.name`. */
  readonly nameSize: number;
  /** `module.kallsyms`, the pointer to a `struct mod_kallsyms`. */
  readonly kallsyms: number;
  /** `mod_kallsyms.symtab`, a pointer to ELF symbols. */
  readonly symtab: number;
  /** `mod_kallsyms.num_symtab`, 4 bytes. */
  readonly numSymtab: number;
  /** `mod_kallsyms.strtab`, a pointer to the names. */
  readonly strtab: number;
  /** `mod_kallsyms.typetab`, a pointer to the letters; absent before v5.2, when the symbols themselves held them. */
  readonly typetab?: number | undefined;
}

/**
 * The layout of modules as a kernel's types have it, or `undefined` if they lack a part of it.
 *
 * @example
 * ```ts
 * const types = { sizeOf: () => 896, member: () => undefined, enumerator: () => undefined };
 * moduleLayoutOf(types) // => undefined
 * ```
 */
export function moduleLayoutOf(types: TypeSource): ModuleLayout | undefined {
  const offset = (path: string) => types.member(path)?.offset;
  const [list, name, kallsyms] = [offset('module.list'), offset('module.name'), offset('module.kallsyms')];
  const nameSize = types.member('module.name')?.size;
  const [symtab, numSymtab] = [offset('mod_kallsyms.symtab'), offset('mod_kallsyms.num_symtab')];
  const strtab = offset('mod_kallsyms.strtab');
  if (list === undefined || name === undefined || nameSize === undefined || kallsyms === undefined)
    return undefined;
  if (symtab === undefined || numSymtab === undefined || strtab === undefined) return undefined;
  const typetab = offset('mod_kallsyms.typetab');
  return { list, name, nameSize, kallsyms, symtab, numSymtab, strtab, typetab };
}

/** An ELF symbol: Elf64_Sym and Elf32_Sym of the System V ABI, chapter 4. */
const ELF_SYMBOL = {
  8: { size: 24, info: 4, value: 8, length: 16 },
  4: { size: 16, info: 12, value: 4, length: 8 },
} as const;

/** No system has nearly as many; the list may be damaged. */
const MOST_MODULES = 16_384;
const MOST_SYMBOLS = 1_000_000;
/** KSYM_NAME_LEN, Linux include/linux/kallsyms.h: 512 since v6.1, with its NUL. */
const LONGEST_NAME = 512;

/**
 * The symbols of the modules that are loaded, by the tables that each has for the kernel's own messages.
 *
 * Corresponds to `module.kallsyms`; the list is `modules`. The letters of types are small where `/proc/kallsyms` shows
 * a capital for symbols that the module exports.
 *
 * Source: Linux kernel/module/kallsyms.c; commit 8244062ef1e5 ("modules: fix longstanding /proc/kallsyms vs module
 * insertion race.") (in v4.5) made `struct mod_kallsyms`.
 *
 * @example
 * ```ts
 * declare const memory: VirtualMemory;
 * const layout = { list: 8, name: 24, nameSize: 56, kallsyms: 800, symtab: 0, numSymtab: 8, strtab: 16, typetab: 24 };
 * const symbols = new ModuleSymbols(memory, layout, 0n);
 * [[...symbols.each()], symbols.skipped().map(({ subject }) => formatSubject(subject))] // => [[], ['modules: the list at 0x0']]
 * ```
 */
export class ModuleSymbols implements SymbolTable {
  private readonly memory: VirtualMemory;
  private readonly layout: ModuleLayout;
  private readonly head: VirtualAddress;

  /** `head` is the address of the kernel's symbol `modules`; `memory` its address space. */
  constructor(memory: VirtualMemory, layout: ModuleLayout, head: VirtualAddress) {
    this.memory = memory;
    this.layout = layout;
    this.head = head;
  }

  /** The addresses of the names that some module has; the module that was loaded last comes first. */
  lookup(names: readonly string[]): Map<string, VirtualAddress> {
    const wanted = new Set(names);
    const found = new Map<string, VirtualAddress>();
    for (const { name, address } of this.each()) {
      if (wanted.delete(name)) found.set(name, address);
      if (wanted.size === 0) break;
    }
    return found;
  }

  /** Every symbol that has a name, module by module. Unreadable symbols are left out: {@link skipped}. */
  *each(): Generator<KernelSymbol> {
    yield* this.walk([]);
  }

  /** The symbols that a whole walk leaves out, and why. */
  skipped(): Skipped[] {
    const skipped: Skipped[] = [];
    for (const _symbol of this.walk(skipped));
    return skipped;
  }

  private *walk(skipped: Skipped[]): Generator<KernelSymbol> {
    const word = this.memory.architecture.wordSize;
    let entry = this.head;
    for (let count = 0; count < MOST_MODULES; count += 1) {
      let next: VirtualAddress;
      try {
        next = this.pointer(entry);
        const back = this.pointer(offsetAddress(next, word));
        if (back !== entry) throw brokenList(entry, next, back);
      } catch (error) {
        addSkipped(skipped, { kind: 'symbols', name: 'modules', address: entry }, error);
        return;
      }
      if (next === this.head) return;
      yield* this.symbolsOf(offsetAddress(next, -this.layout.list), skipped);
      entry = next;
    }
  }

  private *symbolsOf(module: VirtualAddress, skipped: Skipped[]): Generator<KernelSymbol> {
    let tables: ModuleTables;
    try {
      tables = this.tablesOf(module);
    } catch (error) {
      addSkipped(skipped, { kind: 'module-symbols', address: module }, error);
      return;
    }
    for (let index = 1; index < tables.count; index += 1) {
      try {
        const symbol = this.symbol(tables, index);
        if (symbol.name !== '') yield symbol;
      } catch (error) {
        addSkipped(skipped, { kind: 'module-symbols', name: tables.module, first: index }, error);
        // The following symbols are on the same page or behind it: one record covers them.
        return;
      }
    }
  }

  private tablesOf(address: VirtualAddress): ModuleTables {
    const { memory, layout } = this;
    const name = readBytes(memory, offsetAddress(address, layout.name), layout.nameSize);
    const kallsyms = this.pointer(offsetAddress(address, layout.kallsyms));
    // One that is only just being loaded has none yet.
    if (kallsyms === 0n) return NO_SYMBOLS;
    const count = new DataView(readBytes(memory, offsetAddress(kallsyms, layout.numSymtab), 4).buffer);
    const module = decodeCString(name);
    const found = count.getUint32(0, true);
    if (found > MOST_SYMBOLS) throw tooMany(module, found);
    return {
      module,
      count: found,
      symtab: this.pointer(offsetAddress(kallsyms, layout.symtab)),
      strtab: this.pointer(offsetAddress(kallsyms, layout.strtab)),
      typetab:
        layout.typetab === undefined ? undefined : this.pointer(offsetAddress(kallsyms, layout.typetab)),
    };
  }

  private symbol({ module, symtab, strtab, typetab }: ModuleTables, index: number): KernelSymbol {
    const { memory } = this;
    const { wordSize } = memory.architecture;
    const { size, value } = ELF_SYMBOL[wordSize];
    const view = new DataView(readBytes(memory, offsetAddress(symtab, index * size), size).buffer);
    const name = readName(memory, offsetAddress(strtab, view.getUint32(0, true)));
    const letter =
      typetab === undefined
        ? letterIn(view, wordSize)
        : (readBytes(memory, offsetAddress(typetab, index), 1)[0] ?? 0);
    const address = wordSize === 8 ? view.getBigUint64(value, true) : BigInt(view.getUint32(value, true));
    return { name, type: String.fromCharCode(letter), address, module };
  }

  private pointer(at: VirtualAddress): VirtualAddress {
    const bytes = readBytes(this.memory, at, this.memory.architecture.wordSize);
    const view = new DataView(bytes.buffer);
    return bytes.length === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
  }
}

/**
 * The letter that the kernel wrote over a field of the symbol: `st_info`, in v5.0 and v5.1 `st_size`. It has an array of
 * its own since Linux commit 1c7651f43777 ("kallsyms: store type information in its own array") (in v5.2).
 */
function letterIn(view: DataView, wordSize: 4 | 8): number {
  const { info, length } = ELF_SYMBOL[wordSize];
  const letter = view.getUint8(info);
  // The ELF values there, the binding and the type of a symbol, are smaller.
  return letter >= FIRST_LETTER ? letter : view.getUint8(length);
}

const FIRST_LETTER = 0x3f;

interface ModuleTables {
  readonly module: string;
  readonly count: number;
  readonly symtab: VirtualAddress;
  readonly strtab: VirtualAddress;
  readonly typetab: VirtualAddress | undefined;
}

const NO_SYMBOLS: ModuleTables = { module: '', count: 0, symtab: 0n, strtab: 0n, typetab: undefined };

function readName(memory: VirtualMemory, at: VirtualAddress): string {
  const inPage = Number(at & BigInt(PAGE_SIZE - 1));
  const page = memory.page(at);
  if (page === undefined) throw memory.fault(at);
  const end = page.bytes.indexOf(0, inPage);
  if (end >= 0) return decodeCString(page.bytes, inPage, Math.min(end, inPage + LONGEST_NAME));
  const { bytes, holes } = readPartial(memory, at, LONGEST_NAME);
  const nul = bytes.indexOf(0);
  const hole = holes[0];
  if (hole !== undefined && (nul < 0 || offsetAddress(at, nul) >= hole.at)) throw hole.reason;
  return decodeCString(bytes);
}

function addSkipped(skipped: Skipped[], subject: Subject, error: unknown): void {
  if (!OsiError.is(error)) throw error;
  skipped.push({ subject, reason: error });
}

function brokenList(entry: VirtualAddress, next: VirtualAddress, back: VirtualAddress): OsiError {
  const message = `module list broken: ${formatAddress(entry)} points to ${formatAddress(next)}, which points back to ${formatAddress(back)}`;
  return new OsiError('MODULE_LIST_BROKEN', message, {
    hint: 'the guest ran while it was dumped, or the offsets are of another kernel',
    fields: { entry, next, back },
  });
}

function tooMany(module: string, count: number): OsiError {
  return new OsiError(
    'MODULE_SYMBOLS_IMPLAUSIBLE',
    `module ${module} has ${count} symbols, expected at most ${MOST_SYMBOLS}`,
    {
      hint: 'the memory is damaged, or the offsets are of another kernel',
      fields: { module, count },
    },
  );
}
