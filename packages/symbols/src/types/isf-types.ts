/** A member of a structure as ISF has it. */
export interface IsfField {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Its description, not yet looked at. */
  readonly type: unknown;
}

/** Structures without a name are not nested deeper, nor arrays in arrays. */
const MAX_DEPTH = 32;
/** A search looks at no more members than this. */
const MAX_FIELDS = 200_000;
const UNNAMED = /^unnamed_field_/;

/** Whether a value of a JSON document is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The types of an ISF document, checked as they are asked for. */
export class IsfTypes {
  private readonly structs: unknown;
  private readonly enums: unknown;
  private readonly bases: unknown;
  private budget = 0;

  constructor(document: Readonly<Record<string, unknown>>) {
    this.structs = document['user_types'];
    this.enums = document['enums'];
    this.bases = document['base_types'];
  }

  /** Bytes of a structure or union. */
  sizeOf(name: string): number | undefined {
    return count(own(own(this.structs, name), 'size'));
  }

  /** A member, also of a structure without a name inside. */
  field(struct: string, name: string): IsfField | undefined {
    this.budget = MAX_FIELDS;
    return this.search(struct, name, 0);
  }

  /** The structure that a type is, by its name. */
  structOf(type: unknown): string | undefined {
    const [kind, name] = [own(type, 'kind'), own(type, 'name')];
    return (kind === 'struct' || kind === 'union' || kind === 'class') && typeof name === 'string'
      ? name
      : undefined;
  }

  /** Bytes of a type, and its elements where it is an array. */
  extent(type: unknown, depth = 0): { size: number | undefined; elements: number | undefined } {
    const kind = own(type, 'kind');
    if (kind === 'array' && depth < MAX_DEPTH) {
      const elements = count(own(type, 'count'));
      const { size } = this.extent(own(type, 'subtype'), depth + 1);
      const whole = elements === undefined || size === undefined ? undefined : elements * size;
      return { size: whole === undefined || whole >= 2 ** 32 ? undefined : whole, elements };
    }
    return { size: this.sizeByKind(kind, own(type, 'name')), elements: undefined };
  }

  /** The value of a constant of an enum. */
  enumerator(enumName: string, name: string): bigint | undefined {
    const value = own(own(own(this.enums, enumName), 'constants'), name);
    return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
  }

  private search(struct: string, name: string, depth: number): IsfField | undefined {
    const fields = own(own(this.structs, struct), 'fields');
    const direct = asField(own(fields, name));
    if (direct !== undefined || depth > MAX_DEPTH || !isRecord(fields)) return direct;
    for (const each of Object.keys(fields)) {
      if (--this.budget < 0) return undefined;
      const value = fields[each];
      if (!UNNAMED.test(each) && own(value, 'anonymous') !== true) continue;
      const outer = asField(value);
      const type = outer === undefined ? undefined : this.structOf(outer.type);
      const inner = type === undefined ? undefined : this.search(type, name, depth + 1);
      if (outer !== undefined && inner !== undefined) {
        return { offset: outer.offset + inner.offset, type: inner.type };
      }
    }
    return undefined;
  }

  private sizeByKind(kind: unknown, name: unknown): number | undefined {
    if (kind === 'pointer') return count(own(own(this.bases, 'pointer'), 'size')) ?? 8;
    if (typeof name !== 'string') return undefined;
    const tables: Readonly<Record<string, unknown>> = {
      base: this.bases,
      enum: this.enums,
      struct: this.structs,
      union: this.structs,
    };
    return typeof kind === 'string' ? count(own(own(own(tables, kind), name), 'size')) : undefined;
  }
}

/** Bit fields have no offset of their own. */
function asField(value: unknown): IsfField | undefined {
  const [offset, type] = [count(own(value, 'offset')), own(value, 'type')];
  return offset === undefined || own(type, 'kind') === 'bitfield' ? undefined : { offset, type };
}

/** A property that an object of the document has itself. */
function own(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32
    ? value
    : undefined;
}
