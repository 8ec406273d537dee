import { OsiError } from '@osi-linux/core';
import { IssueLog } from './internal/issue-log';
import { KernelInfoBuilder } from './internal/kernel-info-builder';
import { checkKernelInfo } from './internal/kernel-info-checks';
import type { KconfIssue } from './issue';
import type { KeyFileGroup } from './key-file';
import type { KernelInfo, KeyGeneration } from './schema';

/** What a section says, and what is wrong with it. */
export interface KernelInfoResult {
  /** The values that could be read. */
  readonly info: KernelInfo;
  /** Which program wrote the section, told from its keys. */
  readonly generation: KeyGeneration;
  /** All findings in the order of the lines; missing keys stand at the section's head. */
  readonly issues: readonly KconfIssue[];
}

/** How strict {@link parseKernelInfo} is. */
export interface KernelInfoOptions {
  /** Whether a section that lacks keys is taken as well. Wrong values never are. */
  readonly allowIncomplete?: boolean;
}

/**
 * Reads the values of a section as far as they can be read, with every finding.
 *
 * Reads all three generations of keys; older names are given as today's. More lenient than PANDA: hex numbers and
 * comments behind a value are taken with a warning, empty values and -1 count as absent.
 *
 * @example
 * ```ts
 * const group = createGroup('g', 1, [{ line: 2, text: 'fs.d_name_offset = 0x14' }]);
 * const { info, generation, issues } = safeParseKernelInfo(group);
 * info['path.d_name_offset'] // => 20
 * generation // => 'panda1'
 * issues.filter(({ key }) => key === 'fs.d_name_offset').map(({ line, severity }) => [line, severity])
 * // => [[2, 'warning'], [2, 'warning']]
 * ```
 */
export function safeParseKernelInfo(group: KeyFileGroup): KernelInfoResult {
  const issues = new IssueLog();
  const builder = new KernelInfoBuilder(group, issues);
  for (const entry of group.entries) builder.add(entry);
  const { values, wrong, generation } = builder;
  checkKernelInfo({ group, values, wrong, generation, issues });
  const info: KernelInfo = Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
  const listed = issues.list().sort((one, other) => one.line - other.line);
  return { info, generation, issues: listed };
}

/**
 * Reads the values of a section that is right and complete.
 *
 * @throws OsiError `KERNELINFO_INVALID` when a value is wrong, `KERNELINFO_INCOMPLETE` when keys are missing and
 * that is not allowed; both with every finding in `fields.issues`.
 *
 * @example
 * ```ts
 * const group = createGroup('g', 1, [{ line: 2, text: 'task.init_addr = 18446744071601993600' }]);
 * parseKernelInfo(group, { allowIncomplete: true })['task.init_addr'] // => 0xffffffff82613780n
 * parseKernelInfo(group) // throws KERNELINFO_INCOMPLETE
 * ```
 */
export function parseKernelInfo(group: KeyFileGroup, options: KernelInfoOptions = {}): KernelInfo {
  const { info, issues } = safeParseKernelInfo(group);
  const wrong = issues.filter(({ severity }) => severity === 'error');
  const [first] = wrong;
  if (first !== undefined) {
    const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : '';
    throw new OsiError('KERNELINFO_INVALID', `[${group.name}], line ${first.line}: ${first.message}${more}`, {
      ...(first.hint === undefined ? {} : { hint: first.hint }),
      fields: { group: group.name, line: first.line, key: first.key, issues },
    });
  }
  const missing = issues.filter(({ severity }) => severity === 'incomplete');
  if (missing.length > 0 && options.allowIncomplete !== true) {
    const keys = missing.map(({ key }) => key);
    throw new OsiError(
      'KERNELINFO_INCOMPLETE',
      `[${group.name}] lacks ${keys.length} keys: ${keys.join(', ')}`,
      {
        hint: 'make the section anew from the whole log of the kernel module',
        fields: { group: group.name, keys, issues },
      },
    );
  }
  return info;
}
