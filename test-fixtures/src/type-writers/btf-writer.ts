/** A member of a structure to be written; `bits` from its start. */
export interface WrittenMember {
  readonly name: string;
  readonly type: number;
  readonly bits: number;
  /** Bits of a bit field; any makes the structure one with kind_flag. */
  readonly bitFieldSize?: number;
}

/** How a BTF is laid out. */
export interface BtfForm {
  /** 32 adds the fields of the layout section. */
  readonly headerSize?: 24 | 32;
  /** Bytes of each kind as the layout section gives them, `[info, element]` by kind. */
  readonly layout?: readonly (readonly [number, number])[];
  /** Bytes between header and types, and between types and strings. */
  readonly gap?: number;
  /** Whether the strings stand before the types. */
  readonly stringsFirst?: boolean;
}

/** The BTF that the new one extends. */
export interface WrittenBase {
  readonly typeCount: number;
  readonly stringsSize: number;
}

const text = new TextEncoder();

/** Writes BTF after Documentation/bpf/btf.rst and include/uapi/linux/btf.h, little-endian. */
export class BtfWriter {
  private readonly types: number[] = [];
  private strings: number[];
  private readonly base: WrittenBase;
  private count = 0;

  constructor(base: WrittenBase = { typeCount: 1, stringsSize: 0 }) {
    this.base = base;
    this.strings = base.stringsSize === 0 ? [0] : [];
  }

  /** How the BTF of a module goes on from this one. */
  get asBase(): WrittenBase {
    return {
      typeCount: this.base.typeCount + this.count,
      stringsSize: this.base.stringsSize + this.strings.length,
    };
  }

  /** BTF_KIND_INT. */
  int(name: string, size: number): number {
    return this.add(1, 0, name, size, [size * 8]);
  }

  /** BTF_KIND_PTR. */
  pointer(type: number): number {
    return this.add(2, 0, '', type, []);
  }

  /** BTF_KIND_ARRAY; the index is the element's type, which no reader minds. */
  array(type: number, length: number): number {
    return this.add(3, 0, '', 0, [type, type, length]);
  }

  /** BTF_KIND_STRUCT. */
  struct(name: string, size: number, members: readonly WrittenMember[]): number {
    return this.aggregate(4, name, size, members);
  }

  /** BTF_KIND_UNION. */
  union(name: string, size: number, members: readonly WrittenMember[]): number {
    return this.aggregate(5, name, size, members);
  }

  /** BTF_KIND_ENUM; `signed` is its kind_flag. */
  enum(name: string, values: Readonly<Record<string, number>>, signed = false): number {
    const words = Object.entries(values).flatMap(([each, value]) => [this.text(each), value >>> 0]);
    return this.add(6, Object.keys(values).length, name, 4, words, signed);
  }

  /** BTF_KIND_ENUM64. */
  enum64(name: string, values: Readonly<Record<string, bigint>>, signed = false): number {
    const words = Object.entries(values).flatMap(([each, value]) => [
      this.text(each),
      Number(value & 0xffffffffn),
      Number((value >> 32n) & 0xffffffffn),
    ]);
    return this.add(19, Object.keys(values).length, name, 8, words, signed);
  }

  /** BTF_KIND_TYPEDEF, or another kind of the same shape. */
  typedef(name: string, type: number, kind = 8): number {
    return this.add(kind, 0, name, type, []);
  }

  /** BTF_KIND_FUNC with its prototype without parameters. */
  func(name: string): number {
    const prototype = this.add(13, 0, '', 0, []);
    return this.add(12, 1, name, prototype, []);
  }

  /** BTF_KIND_VAR. */
  variable(name: string, type: number): number {
    return this.add(14, 0, name, type, [1]);
  }

  /** BTF_KIND_DATASEC. */
  section(name: string, entries: readonly { type: number; offset: number; size: number }[]): number {
    const words = entries.flatMap(({ type, offset, size }) => [type, offset, size]);
    return this.add(15, entries.length, name, 0, words);
  }

  /** A type of any kind: its number, `vlen`, and the words behind its head. */
  add(
    kind: number,
    vlen: number,
    name: string,
    sizeOrType: number,
    words: readonly number[],
    flag = false,
  ): number {
    this.types.push(
      this.text(name),
      ((flag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0,
      sizeOrType,
      ...words,
    );
    return this.base.typeCount + this.count++;
  }

  /** The whole: header, sections. */
  bytes({ headerSize = 24, layout, gap = 0, stringsFirst = false }: BtfForm = {}): Uint8Array {
    const typesSize = this.types.length * 4;
    const padded = Math.ceil(this.strings.length / 4) * 4;
    const [typesAt, stringsAt] = stringsFirst ? [gap + padded, gap] : [gap, gap + typesSize + gap];
    const layoutAt = Math.max(typesAt + typesSize, stringsAt + padded);
    const layoutSize = (layout?.length ?? 0) * 4;
    const whole = new Uint8Array(headerSize + layoutAt + layoutSize);
    const view = new DataView(whole.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    const fields = [headerSize, typesAt, typesSize, stringsAt, this.strings.length];
    if (headerSize === 32) fields.push(layoutAt, layoutSize);
    for (const [index, value] of fields.entries()) view.setUint32(4 + index * 4, value, true);
    for (const [index, word] of this.types.entries()) {
      view.setUint32(headerSize + typesAt + index * 4, word, true);
    }
    whole.set(this.strings, headerSize + stringsAt);
    for (const [kind, [info, element]] of (layout ?? []).entries()) {
      whole.set([info, element], headerSize + layoutAt + kind * 4);
    }
    return whole;
  }

  private aggregate(kind: number, name: string, size: number, members: readonly WrittenMember[]): number {
    const flag = members.some(({ bitFieldSize = 0 }) => bitFieldSize > 0);
    const words = members.flatMap(({ name: each, type, bits, bitFieldSize = 0 }) => [
      this.text(each),
      type,
      (bits | (bitFieldSize << 24)) >>> 0,
    ]);
    return this.add(kind, members.length, name, size, words, flag);
  }

  /** Position of a name in the strings; that of the empty name is 0. */
  private text(name: string): number {
    if (name === '') return 0;
    const at = this.base.stringsSize + this.strings.length;
    this.strings = [...this.strings, ...text.encode(name), 0];
    return at;
  }
}
