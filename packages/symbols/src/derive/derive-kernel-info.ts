import type { Architecture, VirtualMemory } from '@osi-linux/core';
import { KERNELINFO_SCHEMA, type KernelInfo, type SchemaRow } from '@osi-linux/kconf';
import type { Vmcoreinfo } from '../locate/vmcoreinfo';
import type { Evidence, SymbolTable } from '../tables/symbol-table';
import type { TypeSource } from '../types/type-source';
import { Derivation, type Derived, isMissing } from './derivation';
import { evaluateRow, symbolsOf } from './schema-expression';
import { RULE_SYMBOLS, SPECIAL_RULES } from './special-rules';

/** What a section says of the form of paging; a form of `x86-mmu` fits. */
export interface DerivedPaging {
  /** Its name: `4-level`. */
  readonly name: string;
  /** Its levels, of which the number is told. */
  readonly levels: readonly unknown[];
  /** The architecture that it belongs to. */
  readonly architecture: Architecture;
}

/** What a section is derived from. */
export interface DerivationSources {
  /** The kernel's types. */
  readonly types: TypeSource;
  /** The kernel's symbols; each address virtual, as the running kernel has it. */
  readonly symbols: Pick<SymbolTable, 'lookup'>;
  /** The running kernel's memory through its own page tables; without it what differs from boot to boot is left out. */
  readonly memory?: VirtualMemory;
  /** The form of paging, and where the kernel's image lies in physical memory; as `memory`. */
  readonly location?: {
    /** The form of paging. */
    readonly form: DerivedPaging;
    /** What is added to an address of the image, less where images are mapped, for the physical one. */
    readonly physBase: bigint;
  };
  /** The kernel's VMCOREINFO note, for what the symbols lack. */
  readonly vmcoreinfo?: Pick<Vmcoreinfo, 'address'>;
  /** `RELEASE|VERSION|MACHINE`, for where memory does not tell it. */
  readonly name?: string | undefined;
  /**
   * Whether all this comes from the kernel's files, `memory` too, which then is its image before it has booted. What each
   * boot decides anew is left out then, and `task.per_cpu_offset_0_addr`, which PANDA does not load a section without, is 0.
   */
  readonly fromFiles?: boolean;
}

/** A key that could not be derived, and why. */
export interface MissingKey {
  /** The key of `kernelinfo.conf`. */
  readonly key: string;
  /** Why, as a clause: `this kernel has no task_struct.thread_group`. */
  readonly reason: string;
}

/** A section of `kernelinfo.conf` that was derived from a kernel. */
export interface DerivedKernelInfo {
  /** The values by key. */
  readonly info: KernelInfo;
  /** The lines of the section, `key = value`, in the order of the schema. */
  readonly lines: readonly string[];
  /** The keys without a value, in the same order. Kernels differ: not every one of them is a loss. */
  readonly missing: readonly MissingKey[];
  /** What tells those values that were not simply looked up: another member, a mark of the kernel, a place in memory. */
  readonly evidence: readonly Evidence[];
}

/** Keys of PANDA 1 and Linux 2.4, and those that people write: the kernelinfo module prints none of them. */
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
 * Derives what the kernelinfo module would print in a running kernel, from the kernel's own types and symbols.
 *
 * Offsets and sizes are taken from the types by the C expression of each row of the schema, or by the first of its
 * alternatives that the kernel has; addresses from the symbols, virtual. Constants come from an enum where there is
 * one, else they are decided by a mark that came into the kernel with them, never by its version. The name is that of
 * `init_uts_ns`, the version that of the vdso, or what the name tells of it. What the kernel lacks is left out and named.
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
  const evidence: Evidence[] = [];
  for (const row of rows) {
    const derived = derive(row, derivation);
    if (isMissing(derived)) {
      missing.push({ key: row.key, reason: derived.missing });
      continue;
    }
    derivation.values.set(row.key, derived.value);
    if (derived.evidence !== undefined) {
      evidence.push({ what: row.key, value: String(derived.value), evidence: derived.evidence });
    }
  }
  const lines = [...derivation.values].map(([key, value]) => `${key} = ${value}`);
  return { info: derivation.info, lines, missing, evidence };
}

function derive(row: SchemaRow, derivation: Derivation): Derived {
  return SPECIAL_RULES[row.key]?.(derivation) ?? evaluateRow(row, derivation);
}
