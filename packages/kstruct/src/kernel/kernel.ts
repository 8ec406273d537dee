import { OsiError, type VirtualAddress, type VirtualMemory } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import type { ContestedMemory } from '../mm/contested-memory';

/** A running kernel to walk: its memory through the kernel's own page tables, and where its structures keep what. */
export interface Kernel {
  /** The guest through the kernel's page-table root. */
  readonly memory: VirtualMemory;
  /** The same memory, where other page tables claim to be this kernel's too. */
  readonly contested?: ContestedMemory | undefined;
  /** Offsets, sizes and addresses of this very kernel. */
  readonly info: KernelInfo;
  /** A process to start from where `init_task` is not in the dump: the address of its leader's `task_struct`. */
  readonly listStart?: VirtualAddress | undefined;
}

/** A key of {@link KernelInfo} whose value is of the given type. */
export type KeyOf<Value> = {
  [Key in keyof KernelInfo]-?: NonNullable<KernelInfo[Key]> extends Value ? Key : never;
}[keyof KernelInfo];

/**
 * The value of a key that a walker cannot do without.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile lacks it.
 *
 * @example
 * ```ts
 * requireKey({ 'task.tasks_offset': 1984 }, 'task.tasks_offset') // => 1984
 * requireKey({}, 'task.tasks_offset') // throws PROFILE_KEY_MISSING
 * ```
 */
export function requireKey<Key extends keyof KernelInfo>(
  info: KernelInfo,
  key: Key,
): NonNullable<KernelInfo[Key]> {
  const value = info[key];
  if (value !== undefined) return value;
  throw keyMissing(key, []);
}

/** The error of a key that the profile lacks, with the keys that an older kernel has instead. */
export function keyMissing(key: keyof KernelInfo, older: readonly (keyof KernelInfo)[]): OsiError {
  const message =
    older.length === 0
      ? `the profile has no ${key}`
      : `the profile has neither ${key} nor, as for an older kernel, ${older.join(' and ')}`;
  return new OsiError('PROFILE_KEY_MISSING', message, {
    hint: 'import a section that the kernelinfo module of this project printed; docs/kernelinfo-keys.md describes each key',
    fields: older.length === 0 ? { key } : { key, older },
  });
}
