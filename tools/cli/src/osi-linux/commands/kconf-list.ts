import { KERNELINFO_SCHEMA, type KernelInfoResult, safeParseKernelInfo } from '@osi-linux/kconf';
import type { JsonRow } from '../../output/json-value';
import type { Column } from '../../output/print-rows';
import type { OpenKeyFile } from './kconf-file';

/** The columns of `osi-linux kconf list`. */
export const LIST_COLUMNS: readonly Column[] = [
  { field: 'group', title: 'GROUP' },
  { field: 'generation', title: 'GENERATION' },
  { field: 'machine', title: 'MACHINE' },
  { field: 'keys', title: 'KEYS', align: 'right' },
  { field: 'panda', title: 'PANDA LOADS IT' },
  { field: 'name', title: 'NAME' },
];

/** `osi-linux kconf list`: one row a group; PANDA loads no group of a file that GLib rejects. */
export function listGroups({ file, rejections }: OpenKeyFile): JsonRow[] {
  return file.groups.map((group) => {
    const parsed = safeParseKernelInfo(group);
    const { info, machine } = parsed;
    const strict = safeParseKernelInfo(group, { mode: 'strict' }).issues;
    const panda = rejections.length === 0 && strict.every(({ severity }) => severity === 'warning');
    return {
      group: group.name,
      name: info['name'] ?? null,
      generation: shownGeneration(parsed),
      machine: machine ?? null,
      keys: group.entries.length,
      panda,
    };
  });
}

/**
 * The generation of a section's keys. Older ones show by keys of their own; today's does not in a section with less
 * than half of its keys.
 */
function shownGeneration({ generation, issues }: KernelInfoResult): string | null {
  if (generation !== 'current') return generation;
  const required = KERNELINFO_SCHEMA.filter(({ requiredIn }) => requiredIn?.includes(generation)).length;
  const missing = issues.filter(({ severity }) => severity === 'incomplete').length;
  return missing * 2 > required ? null : generation;
}
