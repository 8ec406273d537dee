/** The place of a member of a structure, and its size. */
export interface TypeMember {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Bytes that it takes; `undefined` for a member without a size, such as an array without a length. */
  readonly size: number | undefined;
  /** Elements, where it is an array. */
  readonly elements: number | undefined;
}

/** A description of a kernel's types: BTF, or another one. */
export interface TypeSource {
  /** Bytes of a structure or union; `undefined` if the kernel has no such structure. */
  sizeOf(name: string): number | undefined;

  /**
   * A member by its dotted path, `file.f_path.dentry`, through structures without a name; `undefined` if the
   * kernel has no such structure or member, or where it is a bit field.
   */
  member(path: string): TypeMember | undefined;

  /** The value of a constant of an enum, `('module_state', 'MODULE_STATE_UNFORMED')`; `undefined` without it. */
  enumerator(enumName: string, name: string): bigint | undefined;
}
