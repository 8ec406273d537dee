/** A member of a structure; `bits` from its start. */
interface Member {
  readonly name: string;
  readonly type: number;
  readonly bits: number;
}

/** A type by its number in the table; kinds other than structures refer to `target`. */
interface BtfType {
  readonly name: string;
  readonly kind: number;
  readonly size: number;
  readonly target: number;
  readonly members: readonly Member[];
}

const MAGIC = 0xeb9f;
/** Kinds of types (include/uapi/linux/btf.h), and the bytes that follow each beside 12 of its head. */
const STRUCT = 4;
const UNION = 5;
const FIXED: Readonly<Record<number, number>> = { 1: 4, 3: 12, 14: 4, 17: 4 };
const EACH: Readonly<Record<number, number>> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 };
/** typedef, volatile, const, restrict, type tag: other names of one type. */
const TRANSPARENT = new Set([8, 9, 10, 11, 18]);

/** The kernel's own description of its types, as `/sys/kernel/btf/vmlinux` shows it. */
export class Btf {
  private readonly types: readonly BtfType[];
  private readonly structs: ReadonlyMap<string, BtfType>;

  constructor(bytes: Uint8Array) {
    this.types = parseTypes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.structs = new Map(
      this.types
        .filter(({ kind, name }) => (kind === STRUCT || kind === UNION) && name !== '')
        .map((type) => [type.name, type]),
    );
  }

  /** Bytes of a structure. */
  sizeOf(struct: string): number | undefined {
    return this.structs.get(struct)?.size;
  }

  /** Bytes from the start of a structure to a member: `file.f_path.dentry`. */
  offsetOf(expression: string): number | undefined {
    const [struct = '', ...path] = expression.split('.');
    let type = this.structs.get(struct);
    let bits = 0;
    for (const name of path) {
      const member = type === undefined ? undefined : this.findMember(type, name);
      if (member === undefined) return undefined;
      bits += member.bits;
      type = this.resolve(member.type);
    }
    return bits / 8;
  }

  /** Members of structures without a name are members of the one around them. */
  private findMember(type: BtfType, name: string): Member | undefined {
    for (const member of type.members) {
      if (member.name === name) return member;
      if (member.name !== '') continue;
      const inner = this.resolve(member.type);
      const found = inner === undefined ? undefined : this.findMember(inner, name);
      if (found !== undefined) return { ...found, bits: member.bits + found.bits };
    }
    return undefined;
  }

  private resolve(number: number): BtfType | undefined {
    let type = this.types[number];
    while (type !== undefined && TRANSPARENT.has(type.kind)) type = this.types[type.target];
    return type;
  }
}

function parseTypes(bytes: Buffer): BtfType[] {
  if (bytes.length < 24 || bytes.readUInt16LE(0) !== MAGIC) throw new RangeError('this is no BTF');
  const [header, typesAt, typesSize, stringsAt] = [4, 8, 12, 16].map((at) => bytes.readUInt32LE(at));
  const strings = bytes.subarray(Number(header) + Number(stringsAt));
  const text = (at: number) => strings.toString('latin1', at, strings.indexOf(0, at));
  const start = Number(header) + Number(typesAt);
  const table = bytes.subarray(start, start + Number(typesSize));
  const types: BtfType[] = [{ name: 'void', kind: 0, size: 0, target: 0, members: [] }];
  for (let at = 0; at < table.length; ) {
    const info = table.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x1f;
    const count = info & 0xffff;
    const value = table.readUInt32LE(at + 8);
    const members: Member[] = [];
    for (let index = 0; (kind === STRUCT || kind === UNION) && index < count; index += 1) {
      const from = at + 12 + index * 12;
      // With the flag, bit fields have their width in the upper byte.
      const bits = table.readUInt32LE(from + 8) & (info >>> 31 === 1 ? 0xffffff : 0xffffffff);
      members.push({ name: text(table.readUInt32LE(from)), type: table.readUInt32LE(from + 4), bits });
    }
    types.push({ name: text(table.readUInt32LE(at)), kind, size: value, target: value, members });
    at += 12 + (FIXED[kind] ?? 0) + (EACH[kind] ?? 0) * count;
  }
  return types;
}
