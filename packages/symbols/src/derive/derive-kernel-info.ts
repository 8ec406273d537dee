import { KERNELINFO_SCHEMA, type KernelInfo, type SchemaRow } from '@osi-linux/kconf';
import { Derivation, type Derived, isMissing } from './derivation';
import type { DerivationSources } from './derivation-sources';
import { evaluateRow, symbolsOf } from './schema-expression';
import { RULE_SYMBOLS, SPECIAL_RULES } from './special-rules';

/** A key that could not be derived, and why. */
export interface MissingKey {
  /** The key of `kernelinfo.conf`. */
  readonly key: string;
  /** Why, as a clause: `this kernel has no task_struct.thread_group`. */
  readonly reason: string;
}

/** A key whose value was not simply looked up, and the evidence for the value. */
export interface DerivedKey {
  /** The key of `kernelinfo.conf`. */
  readonly key: string;
  /** Its value; addresses are virtual. */
  readonly value: bigint | number | string;
  /** The evidence, a clause for people. */
  readonly evidence: string;
}

/** A section of `kernelinfo.conf` that was derived from a kernel. */
export interface DerivedKernelInfo {
  /** The values by key. */
  readonly info: KernelInfo;
  /** The lines of the section, `key = value`, in the order of the schema. */
  readonly lines: readonly string[];
  /** The keys without a value, in the same order. Kernels differ: not every one of them is a loss. */
  readonly missing: readonly MissingKey[];
  /** The values that were not simply looked up: taken from another member, a mark of the kernel, a place in memory. */
  readonly evidence: readonly DerivedKey[];
}

/** Keys of PANDA 1 and Linux 2.4, and those that people write: the kernelinfo module does not print them. */
const NOT_DERIVED: ReadonlySet<string> = new Set([
  'arch',
  'task.task_offset',
  'task.next_task_offset',
  'task.leader_offset',
  'task.p_opptr_offset',
  'task.p_pptr_offset',
  'task.switch_task_hook_addr',
  'fs.f_dentry_offset',
  'fs.f_vfsmnt_offset',
]);

/**
 * Derives the lines that the kernelinfo module would print in a running kernel, from the kernel's types and
 * symbols.
 *
 * Offsets and sizes are taken from the types by the C expression of each row of the schema, or by the first of its
 * alternatives that the kernel has; addresses from the symbols, virtual. Constants come from an enum if there
 * is one, else they are decided by a mark that came into the kernel with them, never by its version. The name
 * is that of `init_uts_ns`, the version that of the vdso, or the part of it that is in the name. Keys that
 * the kernel lacks are left out and named.
 *
 * @example
 * ```ts
 * const symbols = { lookup: () => new Map([['init_task', 0xffffffff82613780n]]) };
 * const types = { sizeOf: () => undefined, member: () => undefined, enumerator: () => undefined };
 * const { lines, missing } = deriveKernelInfo({ types, symbols });
 * lines // => ['task.init_addr = 18446744071601993600']
 * missing.find(({ key }) => key === 'task.size')?.reason // => 'this kernel has no structure task_struct'
 * ```
 */
export function deriveKernelInfo(sources: DerivationSources): DerivedKernelInfo {
  const rows = KERNELINFO_SCHEMA.filter(({ key }) => !NOT_DERIVED.has(key));
  const derivation = new Derivation(sources, [...new Set([...rows.flatMap(symbolsOf), ...RULE_SYMBOLS])]);
  const missing: MissingKey[] = [];
  const evidence: DerivedKey[] = [];
  for (const row of rows) {
    const derived = derive(row, derivation);
    if (isMissing(derived)) {
      missing.push({ key: row.key, reason: derived.missing });
      continue;
    }
    derivation.values.set(row.key, derived.value);
    if (derived.evidence !== undefined)
      evidence.push({ key: row.key, value: derived.value, evidence: derived.evidence });
  }
  const lines = [...derivation.values].map(([key, value]) => `${key} = ${value}`);
  return { info: derivation.info, lines, missing, evidence };
}

function derive(row: SchemaRow, derivation: Derivation): Derived {
  return SPECIAL_RULES[row.key]?.(derivation) ?? evaluateRow(row, derivation);
}
