/**
 * Which program wrote a section: `current` is today's PANDA and this project, `panda1` the first PANDA, whose keys
 * are in its document, `linux24` the extractor for kernels 2.4.
 */
export type KeyGeneration = 'current' | 'panda1' | 'linux24';

/**
 * The type of a value: an address is a `bigint`; offsets, sizes and constants are numbers; a text is a
 * string.
 *
 * Constants are neither places nor sizes: numbers of the version, flags, levels.
 */
export type KeyKind = 'address' | 'offset' | 'size' | 'text' | 'constant';

/**
 * The type of a structure's member at an offset: a pointer or an `unsigned long`, an `int` of 4 bytes, a word
 * of 8 bytes, a list head of two pointers, another structure, or bytes.
 */
export type MemberForm = 'pointer' | 'int' | 'long-long' | 'list' | 'struct' | 'bytes';

/** The facts about one key of `kernelinfo.conf`. */
export interface SchemaRow {
  /** The key as it is written. */
  readonly key: string;
  /** The type of its value. */
  readonly kind: KeyKind;
  /** The generations that cannot do without it; absent for a key that may be missing everywhere. */
  readonly requiredIn?: readonly KeyGeneration[];
  /** Older names of the same value. */
  readonly aliases?: readonly string[];
  /** The type of the member at the offset; a pointer if it is absent. */
  readonly member?: MemberForm;
  /** Whether PANDA reads the key and does without it; it reads those that are required besides. */
  readonly optionalInPanda?: true;
  /** Key of a member that may lie in the same bytes, because both are in one C union. */
  readonly unionWith?: string;
  /** Whether the offset may be negative. */
  readonly signed?: true;
  /** Whether it must be an address of the kernel's half; `or-zero` if 0 means that there is no address. */
  readonly kernelAddress?: true | 'or-zero';
  /** Whether people write it, so that its comment with the hex value may be another's. */
  readonly handWritten?: true;
  /** The C expression that it comes from: `task_struct.tasks` for a member, `init_task` for a symbol. */
  readonly expression?: string;
  /**
   * Other C expressions of the same value, for kernels that lack the first: a member of another name, a symbol, a
   * difference of two members, a constant of an enum (`module_state.MODULE_STATE_UNFORMED`), `ARRAY_SIZE(xa_node.slots)`.
   */
  readonly alternatives?: readonly string[];
  /** A member without which a kernel has no use for the value, so that it is left out: `upid.pid_chain`. */
  readonly onlyWith?: string;
  /** Whether a kernel's own types alone have it: its structure is private to a file of the kernel, and the module does not look for it. */
  readonly typesAlone?: true;
  /** One sentence or two about it. */
  readonly doc: string;
}

export const EVERY = ['current', 'panda1', 'linux24'] as const;
export const VERSIONED = ['current', 'linux24'] as const;
export const MODERN = ['current', 'panda1'] as const;
export const CURRENT = ['current'] as const;
export const PANDA1 = ['panda1'] as const;
export const LINUX24 = ['linux24'] as const;
