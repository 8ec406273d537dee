import { malformedBtf, requireBtfHeader } from './btf-header';
import { kindSizes } from './btf-kind';
import { BtfMemberSearch } from './btf-member-search';
import { BtfTypes } from './btf-types';
import type { TypeMember, TypeSource } from './type-source';

/** A variable that BTF describes. */
export interface BtfVariable {
  /** Bytes from the start of its section: for a per-CPU variable, its address before v6.15. */
  readonly offset: number;
  /** Bytes that it takes. */
  readonly size: number;
}

/**
 * The kernel's own description of its types, as it is in memory or as `/sys/kernel/btf/vmlinux` shows it.
 *
 * One pass over the types makes a compact index; a structure is only looked into when it is asked for. The BTF of a
 * module goes on where that of the kernel ends, and is read with the latter as its `base`.
 *
 * The format is that of Documentation/bpf/btf.rst and include/uapi/linux/btf.h. Types of an unknown kind are skipped
 * by the layout section.
 *
 * @throws OsiError `BTF_MALFORMED` for bytes that are no BTF.
 *
 * @example
 * ```ts
 * const empty = Uint8Array.of(0x9f, 0xeb, 1, 0, 24, ...new Array(15).fill(0), 1, 0, 0, 0, 0);
 * new Btf(empty).sizeOf('task_struct') // => undefined
 * new Btf(empty.subarray(0, 24)) // throws BTF_MALFORMED
 * ```
 */
export class Btf implements TypeSource {
  private readonly types: BtfTypes;

  constructor(bytes: Uint8Array, base?: Btf) {
    const header = requireBtfHeader(bytes);
    // Copied where it is not aligned, so that types are read as words.
    const whole = (bytes.byteOffset + header.typesAt) % 4 === 0 ? bytes : bytes.slice();
    const at = whole.byteOffset + header.typesAt;
    if (at % 4 !== 0) throw malformedBtf('its types are not aligned to 4 bytes', header.typesAt);
    this.types = new BtfTypes(
      {
        words: new Uint32Array(whole.buffer, at, header.typesSize / 4),
        strings: whole.subarray(header.stringsAt, header.stringsAt + header.stringsSize),
        sizes: kindSizes(whole.subarray(header.layoutAt, header.layoutAt + header.layoutSize)),
      },
      base === undefined ? undefined : base.types,
    );
  }

  /** How many types there are, those of the base and `void` included. */
  get typeCount(): number {
    return this.types.end;
  }

  /** Bytes of a structure or union; `undefined` if the kernel has no such structure. */
  sizeOf(name: string): number | undefined {
    const [found] = this.types.structs(name);
    return found === undefined ? undefined : this.types.sizeField(found);
  }

  /**
   * A member by its dotted path, `file.f_path.dentry`, through structures without a name; `undefined` if the
   * kernel has no such structure or member, or where it is a bit field.
   */
  member(path: string): TypeMember | undefined {
    const [struct = '', ...names] = path.split('.');
    for (const found of this.types.structs(struct)) {
      const search = new BtfMemberSearch(this.types);
      const member = search.find(found, names);
      if (member === undefined || member.bits % 8 !== 0 || member.bitField) continue;
      return {
        offset: member.bits / 8,
        size: this.types.byteSize(member.type),
        elements: this.types.arrayLength(member.type),
      };
    }
    return undefined;
  }

  /** The value of a constant of an enum, `('module_state', 'MODULE_STATE_UNFORMED')`; `undefined` without it. */
  enumerator(enumName: string, name: string): bigint | undefined {
    for (const found of this.types.enums(enumName)) {
      const value = this.types.enumerator(found, name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /**
   * A variable of a section such as `.data..percpu`; `undefined` if BTF describes no variable of this name.
   */
  variable(name: string): BtfVariable | undefined {
    return this.types.variable(name);
  }
}
