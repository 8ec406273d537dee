const GENERAL = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'rip', 'rflags'] as const;
const GENERAL_64 = ['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;
const SEGMENTS = ['cs', 'ds', 'es', 'fs', 'gs', 'ss', 'ldtr', 'tr'] as const;
const TABLES = ['gdtr', 'idtr'] as const;
const CONTROL = ['cr0', 'cr2', 'cr3', 'cr4', 'cr8'] as const;
const MODEL_SPECIFIC = [
  ...(['efer', 'star', 'lstar', 'cstar', 'fmask', 'kernel_gs_base'] as const),
  ...(['sysenter_cs', 'sysenter_eip', 'sysenter_esp', 'apic_base'] as const),
] as const;

/** A segment register of x86 by Intel's name in lower case; its value is the selector. */
export type X86Segment = (typeof SEGMENTS)[number];
/** A register of x86 that holds the place of a descriptor table. */
export type X86Table = (typeof TABLES)[number];

/**
 * The name of an x86 register by Intel's in lower case: `rax` ... `rip`, `rflags`, `cr3`, `efer`, whatever the processor's
 * mode; a segment as `cs` (its selector), `cs_base`, `cs_limit`, `cs_flags`; `gdtr_base`, `idtr_limit`.
 */
export type X86Register =
  | (typeof GENERAL)[number]
  | (typeof GENERAL_64)[number]
  | X86Segment
  | `${X86Segment}_${'base' | 'limit' | 'flags'}`
  | `${X86Table}_${'base' | 'limit'}`
  | (typeof CONTROL)[number]
  | (typeof MODEL_SPECIFIC)[number];

/** The registers of an x86 processor, unsigned; those that the source does not have are absent. */
export type X86Registers = { readonly [Name in X86Register]?: bigint };

const NAMES: ReadonlySet<string> = new Set<X86Register>([
  ...[...GENERAL, ...GENERAL_64, ...CONTROL, ...MODEL_SPECIFIC],
  ...SEGMENTS.flatMap((name) => [name, `${name}_base`, `${name}_limit`, `${name}_flags`] as const),
  ...TABLES.flatMap((name) => [`${name}_base`, `${name}_limit`] as const),
]);

/**
 * Whether a name is that of a register that is kept, for sources that name the registers themselves.
 *
 * @example
 * ```ts
 * ['cr3', 'gs_base', 'st0'].map(isX86Register) // => [true, true, false]
 * ```
 */
export function isX86Register(name: string): name is X86Register {
  return NAMES.has(name);
}
