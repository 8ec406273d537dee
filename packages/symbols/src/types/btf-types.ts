import { malformedBtf } from './btf-header';
import {
  ARRAY,
  type BtfKindSizes,
  CONST,
  DATASEC,
  ENUM,
  ENUM64,
  HEAD,
  INT,
  PTR,
  RESTRICT,
  STRUCT,
  TYPE_TAG,
  TYPEDEF,
  UNION,
  VAR,
  VOLATILE,
} from './btf-kind';
import { hashText, NameIndex } from './name-index';

/** The sections of one BTF. */
export interface BtfSections {
  /** The types, in words of 32 bits. */
  readonly words: Uint32Array;
  /** The names, each ended by NUL. */
  readonly strings: Uint8Array;
  /** Words that follow the head of a type. */
  readonly sizes: BtfKindSizes;
}

/** The members of a structure: three words each, and the hashes of their names. */
export interface BtfMembers {
  readonly words: Uint32Array;
  /** Position of the first member in the words. */
  readonly at: number;
  /** By the number of the member. */
  readonly hashes: Uint32Array;
  /** Numbers of the members without a name. */
  readonly nameless: readonly number[];
  /** Whether offsets hold the sizes of bit fields. */
  readonly flagged: boolean;
}

/** Names that only say how a type is seen: typedef, volatile, const, restrict, type tag. */
const TRANSPARENT: ReadonlySet<number> = new Set([TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG]);
const NAMED = new Uint8Array(128);
for (const kind of [INT, STRUCT, UNION, ENUM, VAR, ENUM64]) NAMED[kind] = 1;
/** No type is seen through more names or arrays than this. */
const MAX_CHAIN = 64;

/** The types of a BTF by number and by name. Those of a base come first; number 0 is `void`. */
export class BtfTypes {
  /** First number after the last type. */
  readonly end: number;
  private readonly base: BtfTypes | undefined;
  private readonly sections: BtfSections;
  /** Number of the first type of this table, and first position in its strings. */
  private readonly firstType: number;
  private readonly firstString: number;
  /** Position in the words of each type, from {@link firstType} on. */
  private readonly starts: Uint32Array;
  private readonly names: NameIndex;
  private readonly sectionTypes: number[] = [];
  /** The structures that were asked for. */
  private readonly keptStructs = new Map<string, readonly number[]>();
  /** Their members, and those of the structures inside. */
  private readonly members = new Map<number, BtfMembers>();
  private pointerBytes: 4 | 8 | undefined;

  constructor(sections: BtfSections, base: BtfTypes | undefined) {
    this.sections = sections;
    this.base = base;
    this.firstType = base === undefined ? 1 : base.end;
    this.firstString = base === undefined ? 0 : base.stringEnd();
    const { words } = sections;
    const starts = new Uint32Array(words.length / HEAD);
    this.names = new NameIndex(sections.strings);
    const count = this.index(words, starts);
    this.starts = starts.subarray(0, count);
    this.end = this.firstType + count;
  }

  /** Numbers of the structures and unions of a name. */
  structs(name: string): readonly number[] {
    const known = this.keptStructs.get(name);
    if (known !== undefined) return known;
    const found = this.named(name, (kind) => kind === STRUCT || kind === UNION);
    this.keptStructs.set(name, found);
    return found;
  }

  /** Numbers of the enums of a name. */
  enums(name: string): number[] {
    return this.named(name, (kind) => kind === ENUM || kind === ENUM64);
  }

  /** The word of a structure, enum or basic type that holds its bytes. */
  sizeField(type: number): number {
    const table = this.tableOf(type);
    return table?.words[table.at + 2] ?? 0;
  }

  /** The members of a structure, behind typedefs and qualifiers; made when it is first asked for. */
  membersOf(type: number): BtfMembers | undefined {
    const known = this.members.get(type);
    if (known !== undefined) return known;
    const table = this.tableOf(this.resolve(type));
    if (table === undefined) return undefined;
    const info = table.words[table.at + 1] ?? 0;
    const kind = kindOf(info);
    if (kind !== STRUCT && kind !== UNION) return undefined;
    const hashes = new Uint32Array(lengthOf(info));
    const nameless: number[] = [];
    for (let index = 0; index < hashes.length; index++) {
      const name = table.words[table.at + HEAD + index * 3] ?? 0;
      hashes[index] = this.hashOf(name);
      if (this.isNameless(name)) nameless.push(index);
    }
    const members = { words: table.words, at: table.at + HEAD, hashes, nameless, flagged: info >>> 31 === 1 };
    this.members.set(type, members);
    return members;
  }

  /** Whether a name is the text of a string. */
  isName(position: number, name: Uint8Array): boolean {
    if (position < this.firstString) return this.base?.isName(position, name) ?? false;
    return this.names.isText(position - this.firstString, name);
  }

  /** The type behind typedefs and qualifiers. */
  resolve(type: number): number {
    let found = type;
    for (let step = 0; step < MAX_CHAIN; step++) {
      const table = this.tableOf(found);
      if (table === undefined || !TRANSPARENT.has(kindOf(table.words[table.at + 1] ?? 0))) return found;
      found = table.words[table.at + 2] ?? 0;
    }
    return 0;
  }

  /** Number of elements of an array, or `undefined` for another type. */
  arrayLength(type: number): number | undefined {
    const table = this.tableOf(this.resolve(type));
    if (table === undefined || kindOf(table.words[table.at + 1] ?? 0) !== ARRAY) return undefined;
    return table.words[table.at + HEAD + 2];
  }

  /** Bytes of a type, or `undefined` if it has none; pointers are as long as an `unsigned long`. */
  byteSize(type: number): number | undefined {
    let elements = 1;
    let found = type;
    for (let step = 0; step < MAX_CHAIN; step++) {
      found = this.resolve(found);
      const table = this.tableOf(found);
      const kind = kindOf(table?.words[table.at + 1] ?? 0);
      if (table === undefined) return undefined;
      if (kind === ARRAY) {
        elements *= table.words[table.at + HEAD + 2] ?? 0;
        found = table.words[table.at + HEAD] ?? 0;
        continue;
      }
      const size =
        kind === PTR ? this.pointerSize() : SIZED.has(kind) ? table.words[table.at + 2] : undefined;
      return size === undefined || elements * size >= 2 ** 32 ? undefined : elements * size;
    }
    return undefined;
  }

  /** The value of a constant of an enum. */
  enumerator(type: number, name: string): bigint | undefined {
    const table = this.tableOf(type);
    if (table === undefined) return undefined;
    const info = table.words[table.at + 1] ?? 0;
    const [is64Bit, signed] = [kindOf(info) === ENUM64, info >>> 31 === 1];
    const text = ENCODER.encode(name);
    const step = is64Bit ? 3 : 2;
    for (let element = 0; element < lengthOf(info); element++) {
      const at = table.at + HEAD + element * step;
      if (!this.isName(table.words[at] ?? 0, text)) continue;
      const low = BigInt(table.words[at + 1] ?? 0);
      const value = is64Bit ? (BigInt(table.words[at + 2] ?? 0) << 32n) | low : low;
      return signed ? BigInt.asIntN(is64Bit ? 64 : 32, value) : value;
    }
    return undefined;
  }

  /** A variable of a section, by its name. */
  variable(name: string): { offset: number; size: number } | undefined {
    const wanted = new Set(this.named(name, (kind) => kind === VAR));
    if (wanted.size === 0) return undefined;
    const { words } = this.sections;
    for (const section of this.sectionTypes) {
      const count = lengthOf(words[section + 1] ?? 0);
      for (let at = section + HEAD; at < section + HEAD + count * 3; at += 3) {
        if (wanted.has(words[at] ?? 0)) return { offset: words[at + 1] ?? 0, size: words[at + 2] ?? 0 };
      }
    }
    return this.base?.variable(name);
  }

  /** One pass over the types: where each starts, and the names of those that are asked for by name. */
  private index(words: Uint32Array, starts: Uint32Array): number {
    const { fixed, element } = this.sections.sizes;
    const { length } = words;
    const [names, firstType, firstString] = [this.names, this.firstType, this.firstString];
    let count = 0;
    // Most of it runs before the engine has compiled it: nothing is called for each type.
    for (let at = 0; at < length; count++) {
      const info = words[at + 1] ?? 0;
      const kind = (info >>> 24) & 0x7f;
      const head = fixed[kind] ?? 0;
      if (head === 0) throw malformedBtf(`type ${firstType + count} has the unknown kind ${kind}`, at * 4);
      const next = at + head + (element[kind] ?? 0) * (info & 0xffffff);
      if (next > length)
        throw malformedBtf(`type ${firstType + count} extends beyond the type section`, at * 4);
      starts[count] = at;
      const name = words[at] ?? 0;
      if (NAMED[kind] === 1 && name >= firstString && name !== 0)
        names.add(name - firstString, firstType + count);
      if (kind === DATASEC) this.sectionTypes.push(at);
      at = next;
    }
    return count;
  }

  private named(name: string, isWanted: (kind: number) => boolean): number[] {
    const text = ENCODER.encode(name);
    const own = this.names.find(text, hashText(text)).filter((type) => {
      const table = this.tableOf(type);
      return table !== undefined && isWanted(kindOf(table.words[table.at + 1] ?? 0));
    });
    return this.base === undefined ? own : [...own, ...this.base.named(name, isWanted)];
  }

  private hashOf(position: number): number {
    if (position < this.firstString) return this.base === undefined ? 0 : this.base.hashOf(position);
    return this.names.hashAt(position - this.firstString);
  }

  private isNameless(position: number): boolean {
    if (position >= this.firstString) return this.sections.strings[position - this.firstString] === 0;
    const base = this.base;
    return base === undefined ? position === 0 : base.isNameless(position);
  }

  private pointerSize(): number {
    if (this.pointerBytes === undefined) {
      const [long] = this.named('long unsigned int', (kind) => kind === INT);
      this.pointerBytes = long !== undefined && this.sizeField(long) === 4 ? 4 : 8;
    }
    return this.pointerBytes;
  }

  /** The words that hold a type, and where it starts in them. */
  private tableOf(type: number): { words: Uint32Array; at: number } | undefined {
    if (type < this.firstType)
      return type === 0 ? undefined : this.base === undefined ? undefined : this.base.tableOf(type);
    const at = this.starts[type - this.firstType];
    return at === undefined ? undefined : { words: this.sections.words, at };
  }

  private stringEnd(): number {
    return this.firstString + this.sections.strings.length;
  }
}

const ENCODER = new TextEncoder();
const SIZED: ReadonlySet<number> = new Set([INT, STRUCT, UNION, ENUM, 16, ENUM64]);

/** Bits 24 to 30; kinds have 7 of them in 32-byte headers, and 5 with zeros above before. */
function kindOf(info: number): number {
  return (info >>> 24) & 0x7f;
}

/** Bits 0 to 23; the upper 8 are zero in older kernels. */
function lengthOf(info: number): number {
  return info & 0xffffff;
}
