import {
  decodeCString,
  decodeText,
  OsiError,
  offsetAddress,
  START_KERNEL_MAP,
  type VirtualAddress,
} from '@osi-linux/core';
import type { KernelSymbol, SymbolTable } from '../tables/symbol-table';
import { type IsfField, IsfTypes, isRecord } from './isf-types';
import type { TypeMember, TypeSource } from './type-source';

/** How an ISF is to be read. */
export interface IsfOptions {
  /** By how many bytes the running kernel's image was moved: added to the addresses of the image. */
  readonly kaslrShift?: bigint;
}

/** The beginnings of compressed files, and the functions that unpack them. */
const COMPRESSED: readonly (readonly [readonly number[], string])[] = [
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz -dk'],
  [[0x1f, 0x8b], 'gzip -dk'],
  [[0x42, 0x5a, 0x68], 'bzip2 -dk'],
];
const BANNER = 'linux_banner';
const LONGEST_BANNER = 2048;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DECIMAL = /^\d{1,20}$/;
/** JSON numbers are doubles; addresses are kept as text, which they are exact in. */
const ADDRESSES = /("address"\s*:\s*)(\d{1,20})(?=\s*[,}])/g;

/**
 * Types and symbols of a kernel from the JSON that Volatility 3 reads (intermediate symbol format, ISF).
 *
 * It has `user_types`, `enums`, `base_types` and `symbols`; dwarf2json writes it from a kernel's debugging information,
 * with the addresses that the kernel was linked for. Structures without a name are members called `unnamed_field_N`,
 * and are looked through.
 *
 * @example
 * ```ts
 * const isf = parseIsf(JSON.stringify({
 *   metadata: {},
 *   base_types: { int: { size: 4 } },
 *   user_types: { task_struct: { size: 64, fields: { pid: { offset: 8, type: { kind: 'base', name: 'int' } } } } },
 *   enums: {},
 *   symbols: { init_task: { address: 0 } },
 * }));
 * isf.member('task_struct.pid') // => { offset: 8, size: 4, elements: undefined }
 * isf.lookup(['init_task']).get('init_task') // => 0n
 * parseIsf('{}') // throws ISF_MALFORMED
 * ```
 */
export class Isf implements TypeSource, SymbolTable {
  private readonly types: IsfTypes;
  private readonly symbols: Readonly<Record<string, unknown>>;
  private readonly shift: bigint;

  /** Made by {@link parseIsf}. */
  constructor(document: Readonly<Record<string, unknown>>, kaslrShift: bigint) {
    this.types = new IsfTypes(document);
    this.symbols = isRecord(document['symbols']) ? document['symbols'] : {};
    this.shift = kaslrShift;
  }

  /** The kernel's banner, `Linux version ...`, where the document has the bytes of `linux_banner`. */
  get banner(): string | undefined {
    const symbol = Object.hasOwn(this.symbols, BANNER) ? this.symbols[BANNER] : undefined;
    const data = isRecord(symbol) ? symbol['constant_data'] : undefined;
    if (typeof data !== 'string' || data.length > LONGEST_BANNER || !BASE64.test(data)) return undefined;
    return decodeCString(Uint8Array.from(atob(data), (character) => character.charCodeAt(0)));
  }

  sizeOf(name: string): number | undefined {
    return this.types.sizeOf(name);
  }

  member(path: string): TypeMember | undefined {
    const [struct = '', ...names] = path.split('.');
    let [type, offset, field]: [string | undefined, number, IsfField | undefined] = [struct, 0, undefined];
    for (const name of names) {
      const found: IsfField | undefined = type === undefined ? undefined : this.types.field(type, name);
      if (found === undefined) return undefined;
      [type, offset, field] = [this.types.structOf(found.type), offset + found.offset, found];
    }
    if (field === undefined) return undefined;
    const { size, elements } = this.types.extent(field.type);
    return { offset, size, elements };
  }

  enumerator(enumName: string, name: string): bigint | undefined {
    return this.types.enumerator(enumName, name);
  }

  lookup(names: readonly string[]): Map<string, VirtualAddress> {
    const found = new Map<string, VirtualAddress>();
    for (const name of names) {
      const address = this.address(name);
      if (address !== undefined) found.set(name, address);
    }
    return found;
  }

  /** ISF does not contain the letter of a symbol: it is `?`. */
  *each(): Generator<KernelSymbol, void, undefined> {
    for (const name of Object.keys(this.symbols)) {
      const address = this.address(name);
      if (address !== undefined) yield { name, type: '?', address };
    }
  }

  private address(name: string): VirtualAddress | undefined {
    const symbol = Object.hasOwn(this.symbols, name) ? this.symbols[name] : undefined;
    const text = isRecord(symbol) ? symbol['address'] : undefined;
    if (typeof text !== 'string' || !DECIMAL.test(text)) return undefined;
    const address = BigInt.asUintN(64, BigInt(text));
    return address < START_KERNEL_MAP ? address : offsetAddress(address + this.shift, 0);
  }
}

/**
 * Reads an ISF document.
 *
 * @throws OsiError `ISF_COMPRESSED` for `.json.xz` and its like, with the command that unpacks it; `ISF_MALFORMED` for
 * what is no JSON, or has no `user_types`.
 *
 * @example
 * ```ts
 * parseIsf(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) // throws ISF_COMPRESSED
 * ```
 */
export function parseIsf(document: Uint8Array | string, options: IsfOptions = {}): Isf {
  if (typeof document !== 'string') refuseCompressed(document);
  const text = typeof document === 'string' ? document : decodeText(document);
  const parsed = parseJson(text.replace(ADDRESSES, '$1"$2"'));
  if (!isRecord(parsed) || !isRecord(parsed['user_types'])) {
    throw new OsiError('ISF_MALFORMED', 'the JSON has no "user_types"', {
      hint: 'give the symbols of a Linux kernel as dwarf2json writes them',
    });
  }
  return new Isf(parsed, options.kaslrShift ?? 0n);
}

function refuseCompressed(bytes: Uint8Array): void {
  const found = COMPRESSED.find(([magic]) => magic.every((byte, index) => bytes[index] === byte));
  if (found === undefined) return;
  throw new OsiError('ISF_COMPRESSED', 'the symbols are compressed', {
    hint: `unpack the file first: ${found[1]} FILE`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OsiError('ISF_MALFORMED', 'the symbols are not JSON', {
      hint: 'give the symbols of a Linux kernel as dwarf2json writes them',
      cause,
    });
  }
}
