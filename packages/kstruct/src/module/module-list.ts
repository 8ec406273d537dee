import { offsetAddress, type SkippedLog } from '@osi-linux/core';
import { type Kernel, requireKey } from '../kernel/kernel';
import { eachListEntry } from '../lib/list-head';
import { Module } from './module';

/**
 * Yields every loaded module, the newest first: the order of `/proc/modules`, which leaves out those that are unformed.
 *
 * Corresponds to `list_for_each_entry(mod, &modules, list)`. An entry without the name and state of a module
 * is left out and reported to `skipped`.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile does not know modules.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const names = [...eachModule(kernel, new SkippedLog())].map((module) => module.name);
 * names.every((name) => /^[a-z]\w+$/i.test(name)) // => true
 * ```
 */
export function* eachModule(kernel: Kernel, skipped: SkippedLog): Generator<Module> {
  const offset = requireKey(kernel.info, 'module.list_offset');
  const list = { head: requireKey(kernel.info, 'module.modules_addr'), name: 'modules' };
  for (const node of eachListEntry(kernel, list, skipped)) {
    const module = new Module(kernel, offsetAddress(node, -offset));
    const valid = skipped.attempt(
      () => ({ kind: 'module', address: module.address }),
      () => {
        module.validate();
        return true;
      },
    );
    if (valid !== null) yield module;
  }
}
