import {
  attempt,
  decodeCString,
  formatAddress,
  OsiError,
  offsetAddress,
  readBytes,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import type { SymbolTable } from '../tables/symbol-table';
import { Btf } from './btf';
import { BTF_HEADER_SIZE, readBtfHeader } from './btf-header';

/** Where the BTFs of modules are looked for. */
export interface ModuleBtfPlaces {
  /** The kernel's memory through its own page tables. */
  readonly memory: VirtualMemory;
  /** The kernel's symbols. */
  readonly symbols: Pick<SymbolTable, 'lookup'>;
  /** The kernel's own BTF, which the BTFs of modules extend. */
  readonly btf: Btf;
}

/** The BTF of one module, or why it cannot be read. */
export type ModuleBtf = ReadModuleBtf | UnreadModuleBtf;

/** The BTF of a module. */
export interface ReadModuleBtf {
  /** Name of the module. */
  readonly module: string;
  /** Its types. */
  readonly btf: Btf;
  /** Never there, as nothing is wrong. */
  readonly error?: undefined;
}

/** A module whose BTF cannot be read. */
export interface UnreadModuleBtf {
  /** Name of the module. */
  readonly module: string;
  /** Never there, as it cannot be read. */
  readonly btf?: undefined;
  /** Why it cannot be read. */
  readonly error: OsiError;
}

/** MODULE_NAME_LEN of 64-bit kernels. */
const NAME_SIZE = 56;
/** No system has as many modules, and none a larger BTF. */
const MAX_MODULES = 65_536;
const MAX_MODULE_BTF = 16 * 1024 * 1024;

/**
 * The BTF of each loaded module, in the kernel's list `btf_modules` (kernel/bpf/btf.c, `struct btf_module`).
 *
 * The types of a module are numbered behind those of the kernel, and so are its strings. A module file has besides a
 * section `.BTF.base` with the types that it needs of the kernel, `new Btf(btf, new Btf(base))`; once it is
 * loaded, the kernel has renumbered its types, so that those in memory are read with the kernel's own.
 *
 * Nothing where the kernel has no such list (CONFIG_DEBUG_INFO_BTF_MODULES), or where it cannot be read.
 *
 * @example
 * ```ts
 * declare const memory: VirtualMemory;
 * const btf = new Btf(Uint8Array.of(0x9f, 0xeb, 1, 0, 24, ...new Array(15).fill(0), 1, 0, 0, 0, 0));
 * [...eachModuleBtf({ memory, symbols: { lookup: () => new Map() }, btf })] // => []
 * ```
 */
export function* eachModuleBtf(places: ModuleBtfPlaces): Generator<ModuleBtf, void, undefined> {
  const { memory, symbols, btf } = places;
  const head = symbols.lookup(['btf_modules']).get('btf_modules');
  const offsets = readOffsets(btf);
  if (head === undefined || offsets === undefined) return;
  let previous = head;
  let node = tryWord(memory, head);
  for (let count = 0; node !== undefined && node !== head && count < MAX_MODULES; count++) {
    // A list is followed only while each node points back to the one before, which ends every cycle.
    if (tryWord(memory, offsetAddress(node, 8)) !== previous) return;
    yield readModule(places, offsetAddress(node, -offsets.list), offsets);
    previous = node;
    node = tryWord(memory, node);
  }
}

type Offsets = Readonly<Record<'list' | 'module' | 'btf' | 'name' | 'data' | 'dataSize', number>>;

function readOffsets(btf: Btf): Offsets | undefined {
  const offset = (path: string): number | undefined => btf.member(path)?.offset;
  const [list, module, own, name, data, dataSize] = [
    'btf_module.list',
    'btf_module.module',
    'btf_module.btf',
    'module.name',
    'btf.data',
    'btf.data_size',
  ].map(offset);
  if (list === undefined || module === undefined || own === undefined) return undefined;
  if (name === undefined || data === undefined || dataSize === undefined) return undefined;
  return { list, module, btf: own, name, data, dataSize };
}

function readModule(places: ModuleBtfPlaces, entry: VirtualAddress, offsets: Offsets): ModuleBtf {
  const { memory, btf: base } = places;
  let module = `at ${formatAddress(entry)}`;
  try {
    const owner = word(memory, offsetAddress(entry, offsets.module));
    module = decodeCString(readBytes(memory, offsetAddress(owner, offsets.name), NAME_SIZE));
    const own = word(memory, offsetAddress(entry, offsets.btf));
    const data = word(memory, offsetAddress(own, offsets.data));
    const size = Number(word(memory, offsetAddress(own, offsets.dataSize)) & 0xffffffffn);
    const header = readBtfHeader(readBytes(memory, data, BTF_HEADER_SIZE));
    if (header === undefined || size > MAX_MODULE_BTF || header.size > size) {
      throw new OsiError(
        'BTF_MALFORMED',
        `the BTF of module ${module} at ${formatAddress(data)} is damaged`,
        {
          hint: 'the types of other modules and of the kernel can be used',
          fields: { module, virtualAddress: data },
        },
      );
    }
    return { module, btf: new Btf(readBytes(memory, data, size), base) };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return { module, error };
  }
}

function word(memory: VirtualMemory, address: VirtualAddress): bigint {
  const bytes = readBytes(memory, address, 8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}

function tryWord(memory: VirtualMemory, address: VirtualAddress): bigint | undefined {
  return attempt(
    () => word(memory, address),
    () => undefined,
  );
}
