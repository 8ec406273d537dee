import { createHash } from 'node:crypto';

/** A type as `bpftool btf dump file FILE format raw -j` prints it. */
export interface PrintedType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly encoding?: string;
  readonly members?: readonly PrintedMember[];
  readonly values?: readonly { readonly name: string; readonly val: number }[];
}

interface PrintedMember {
  readonly name: string;
  readonly type_id: number;
  readonly bits_offset: number;
  readonly bitfield_size?: number;
}

/** The facts about a kernel in an ISF besides its types. */
export interface IsfSymbols {
  /** Addresses as the kernel was linked. */
  readonly addresses: Iterable<readonly [name: string, address: bigint]>;
  /** The bytes of `linux_banner`, its newline included. */
  readonly banner: string;
}

const ANONYMOUS = '(anon)';
/** typedef and qualifiers, which ISF does not know. */
const TRANSPARENT = new Set(['TYPEDEF', 'CONST', 'VOLATILE', 'RESTRICT', 'TYPE_TAG']);
/** The most types that refer to each other without anything between. */
const MOST_NAMES = 64;

/**
 * Writes symbols for Volatility 3 as dwarf2json 0.6 does (format 6.2.0, volatilityfoundation/dwarf2json, main.go), from types
 * that bpftool has read.
 *
 * Typedefs and qualifiers are seen through. A structure or enum without a name is `unnamed_` and a hash, a member without one
 * `unnamed_field_` and its offset, with `anonymous`; a bit field has its type one level down. Addresses are JSON numbers,
 * above 2^53 too; of several symbols of one name the last counts; `linux_banner` has its bytes, in base64.
 */
export function writeIsf(types: readonly PrintedType[], symbols: IsfSymbols): string {
  const writer = new IsfTypeWriter(types);
  const document = {
    metadata: {
      linux: { symbols: [{ kind: 'symtab', name: 'vmlinux' }], types: [{ kind: 'dwarf', name: 'vmlinux' }] },
      producer: { name: 'dwarf2json', version: '0.6.0' },
      format: '6.2.0',
    },
    ...writer.tables(),
  };
  const entries = [...new Map(symbols.addresses)].map(([name, address]) =>
    symbolText(name, address, symbols),
  );
  return `${JSON.stringify(document, null, 2).slice(0, -2)},\n  "symbols": {\n${entries.join(',\n')}\n  }\n}`;
}

/** By hand: `JSON.stringify` has no number of 64 bits. */
function symbolText(name: string, address: bigint, { banner }: IsfSymbols): string {
  const type = '"type": {\n        "kind": "base",\n        "name": "void"\n      }';
  const data = Buffer.from(`${banner}\0`).toString('base64');
  const constant = name === 'linux_banner' ? `,\n      "constant_data": "${data}"` : '';
  return `    ${JSON.stringify(name)}: {\n      ${type},\n      "address": ${address}${constant}\n    }`;
}

class IsfTypeWriter {
  private readonly types: ReadonlyMap<number, PrintedType>;

  constructor(types: readonly PrintedType[]) {
    this.types = new Map(types.map((type) => [type.id, type]));
  }

  tables() {
    const base = { pointer: { size: 8, signed: false, kind: 'int', endian: 'little' } };
    const tables = {
      base_types: { ...base, void: { size: 0, signed: false, kind: 'void', endian: 'little' } } as Record<
        string,
        object
      >,
      user_types: {} as Record<string, object>,
      enums: {} as Record<string, object>,
    };
    for (const type of this.types.values()) {
      if (type.kind === 'INT' || type.kind === 'FLOAT') tables.base_types[type.name] = baseType(type);
      if (isStruct(type)) tables.user_types[nameOf(type)] = this.struct(type);
      if (isEnum(type)) tables.enums[nameOf(type)] = enumType(type);
    }
    return tables;
  }

  private struct(type: PrintedType): object {
    const fields = (type.members ?? []).map((member) => {
      const bytes = Math.floor(member.bits_offset / 8);
      const isAnonymous = member.name === ANONYMOUS;
      const name = isAnonymous ? `unnamed_field_${bytes.toString(16)}` : member.name;
      return [
        name,
        { type: this.fieldType(member), offset: bytes, ...(isAnonymous ? { anonymous: true } : {}) },
      ];
    });
    return { size: type.size, fields: Object.fromEntries(fields), kind: type.kind.toLowerCase() };
  }

  private fieldType({ type_id, bits_offset, bitfield_size = 0 }: PrintedMember): object {
    const type = this.typeOf(type_id);
    if (bitfield_size === 0) return type;
    return { kind: 'bitfield', bit_position: bits_offset % 8, bit_length: bitfield_size, type };
  }

  private typeOf(id: number | undefined): object {
    const type = this.resolve(id);
    if (type === undefined) return { kind: 'base', name: 'void' };
    if (type.kind === 'PTR') return { kind: 'pointer', subtype: this.typeOf(type.type_id) };
    if (type.kind === 'ARRAY') {
      return { kind: 'array', count: type.nr_elems ?? 0, subtype: this.typeOf(type.type_id) };
    }
    if (type.kind === 'FUNC_PROTO') return { kind: 'function' };
    if (isEnum(type)) return { kind: 'enum', name: nameOf(type) };
    if (isStruct(type) || type.kind === 'FWD')
      return { kind: type.kind === 'UNION' ? 'union' : 'struct', name: nameOf(type) };
    return { kind: 'base', name: type.name };
  }

  private resolve(id: number | undefined): PrintedType | undefined {
    let type = this.types.get(id ?? 0);
    for (let left = MOST_NAMES; type !== undefined && TRANSPARENT.has(type.kind) && left > 0; left -= 1)
      type = this.types.get(type.type_id ?? 0);
    return type;
  }
}

function isStruct({ kind }: PrintedType): boolean {
  return kind === 'STRUCT' || kind === 'UNION';
}

function isEnum({ kind }: PrintedType): boolean {
  return kind === 'ENUM' || kind === 'ENUM64';
}

/** dwarf2json hashes the definition; by the number two that are alike stay two, which no reader minds. */
function nameOf({ id, name }: PrintedType): string {
  if (name !== ANONYMOUS) return name;
  return `unnamed_${createHash('sha1').update(String(id)).digest('hex').slice(0, 16)}`;
}

function baseType({ kind, name, size, encoding }: PrintedType): object {
  const signed = encoding === 'SIGNED';
  const word = kind === 'FLOAT' ? 'float' : encoding === 'BOOL' ? 'bool' : name === 'char' ? 'char' : 'int';
  return { size, signed, kind: word, endian: 'little' };
}

function enumType({ size, values = [] }: PrintedType): object {
  const constants = Object.fromEntries(values.map(({ name, val }) => [name, val]));
  return { size, base: size === 8 ? 'long unsigned int' : 'unsigned int', constants };
}
