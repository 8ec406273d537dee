import { offsetAddress, type SkippedLog, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { eachListEntry } from '../lib/list-head';
import { Module } from './module';

/**
 * The set of all modules, as most of the given modules name it; `undefined` if no module names one.
 *
 * Corresponds to `module_kset`, which is reached through `module.mkobj.kobj.kset`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const modules = [...eachModule(kernel, new SkippedLog())];
 * findModuleKset(modules, new SkippedLog()) === modules[0].kset // => true
 * findModuleKset([], new SkippedLog()) // => undefined
 * ```
 */
export function findModuleKset(modules: Iterable<Module>, skipped: SkippedLog): VirtualAddress | undefined {
  const votes = new Map<VirtualAddress, number>();
  for (const module of modules) {
    const kset = skipped.attempt(
      () => ({ kind: 'module', address: module.address, field: 'kset' }),
      () => module.kset,
    );
    if (kset !== null) votes.set(kset, (votes.get(kset) ?? 0) + 1);
  }
  const [most] = [...votes].sort(([, first], [, second]) => second - first);
  return most?.[0];
}

/**
 * Yields every module that `/sys/module` shows, the oldest first; code that is built into the kernel is not a
 * module.
 *
 * Walks `kset.list` over `kobject.entry`, and takes a `module_kobject` only if it is inside the module that
 * it names, and that module is in this set.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile does not know the set.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const skipped = new SkippedLog();
 * const listed = [...eachModule(kernel, skipped)].map((module) => module.name);
 * const kset = findModuleKset(eachModule(kernel, skipped), skipped);
 * [...eachKsetModule(kernel, kset, skipped)].every((module) => listed.includes(module.name)) // => true
 * ```
 */
export function* eachKsetModule(
  kernel: Kernel,
  kset: VirtualAddress,
  skipped: SkippedLog,
): Generator<Module> {
  const { info } = kernel;
  const head = offsetAddress(kset, requireKey(info, 'kset.list_offset'));
  const offset = requireKey(info, 'module_kobject.kobj_offset') + requireKey(info, 'kobject.entry_offset');
  for (const node of eachListEntry(kernel, { head, name: 'module_kset' }, skipped)) {
    const kobject = offsetAddress(node, -offset);
    const module = skipped.attempt(
      () => ({ kind: 'module', struct: 'module_kobject', address: kobject }),
      () => readModule(kernel, kobject, kset),
    );
    if (module !== null && module !== undefined) yield module;
  }
}

/** The module of a `module_kobject`, `undefined` for built-in code. */
function readModule(kernel: Kernel, address: VirtualAddress, kset: VirtualAddress): Module | undefined {
  const { info, memory } = kernel;
  const member = 'mod';
  const pointer = new StructView(memory, address).word(requireKey(info, 'module_kobject.mod_offset'));
  if (pointer === 0n) return undefined;
  const module = new Module(
    kernel,
    requirePointer(kernel, pointer, { struct: 'module_kobject', address, member }),
  );
  const inside = address > pointer && address < pointer + BigInt(requireKey(info, 'module.size'));
  if (!inside || module.kset !== kset) {
    const expected = 'the module that holds it';
    throw implausible({ struct: 'module_kobject', address, member, received: pointer, expected });
  }
  module.validate();
  return module;
}
