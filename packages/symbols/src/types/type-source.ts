/** Where a member of a structure lies, and what it takes. */
export interface TypeMember {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Bytes that it takes; `undefined` for what has no size, such as an array without a length. */
  readonly size: number | undefined;
  /** Elements, where it is an array. */
  readonly elements: number | undefined;
}

/** What tells of a kernel's types: BTF, or another description of the same. */
export interface TypeSource {
  /** Bytes of a structure or union; `undefined` where the kernel has none of this name. */
  sizeOf(name: string): number | undefined;

  /**
   * A member by its dotted path, `file.f_path.dentry`, through structures without a name; `undefined` where the kernel
   * has no such structure or member, or where it is a bit field.
   */
  member(path: string): TypeMember | undefined;

  /** The value of a constant of an enum, `('module_state', 'MODULE_STATE_UNFORMED')`; `undefined` without it. */
  enumerator(enumName: string, name: string): bigint | undefined;
}
