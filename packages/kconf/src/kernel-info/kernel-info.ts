import { OsiError } from '@osi-linux/core';
import type { IssueSeverity, KconfIssue } from '../issue';
import { IssueLog } from '../issue-log';
import type { KeyFileGroup } from '../key-file/key-file';
import type { KernelInfo, KeyGeneration } from '../schema/schema';
import { checkKernelInfo } from './checks/kernel-info-checks';
import { KernelInfoBuilder, type TypedValue } from './kernel-info-builder';
import { findMachine } from './machine';
import { readPandaSection } from './panda-section';

/** The values of a section, and its issues. */
export interface KernelInfoResult {
  /** The values that could be read. */
  readonly info: KernelInfo;
  /** Those of them that no `error` names: a reader of memory can rely on these. */
  readonly sound: KernelInfo;
  /** Which program wrote the section, as its keys show. */
  readonly generation: KeyGeneration;
  /** The machine in the section's name, as `uname -m` prints it; `undefined` if the name has no machine. */
  readonly machine: string | undefined;
  /** All findings in the order of the lines; missing keys stand at the section's head. */
  readonly issues: readonly KconfIssue[];
}

/**
 * `default` reads every readable value and checks the values against each other; `strict` takes exactly the
 * values that PANDA takes, judged by GLib's getters, and judges nothing else.
 */
export type KernelInfoMode = 'default' | 'strict';

/** How strict {@link parseKernelInfo} and {@link safeParseKernelInfo} are. */
export interface KernelInfoOptions {
  /** By whose rules the section is read; default: `default`. */
  readonly mode?: KernelInfoMode;
  /** Whether a section that lacks keys is taken as well. Wrong values never are. */
  readonly allowIncomplete?: boolean;
}

/**
 * Reads the values of a section as far as they can be read, with every finding.
 *
 * By default it reads all three generations of keys; older names are given as today's, hex numbers and comments behind
 * a value are taken, empty values and -1 count as absent. Each is a warning, like everything else that PANDA
 * would refuse, and the values are checked against each other: places inside their structure, addresses of a
 * kernel, the version's name.
 *
 * With `mode: 'strict'` it reads as PANDA does: its keys under today's names, by `g_key_file_get_integer`,
 * `get_uint64` and `get_string` of GLib 2.74. A group that PANDA loads has no finding that is `error` or `incomplete`;
 * of one that it refuses, each missing required key is an `incomplete` and each refused value an `error`.
 * PANDA refuses the whole file for one malformed line: {@link safeParseKeyFile} reports that.
 *
 * @example
 * ```ts
 * const group = createGroup('g', 1, [{ line: 2, text: 'fs.d_name_offset = 0x14' }]);
 * const { info, generation, issues } = safeParseKernelInfo(group);
 * info['path.d_name_offset'] // => 20
 * generation // => 'panda1'
 * issues.filter(({ key }) => key === 'fs.d_name_offset').map(({ line, severity }) => [line, severity])
 * // => [[2, 'warning'], [2, 'warning']]
 * safeParseKernelInfo(group, { mode: 'strict' }).info['path.d_name_offset'] // => undefined
 * ```
 */
export function safeParseKernelInfo(
  group: KeyFileGroup,
  options: Pick<KernelInfoOptions, 'mode'> = {},
): KernelInfoResult {
  const issues = new IssueLog();
  const builder = new KernelInfoBuilder(group, options.mode === 'strict' ? new IssueLog() : issues);
  for (const entry of group.entries) builder.add(entry);
  const { values, wrong, generation } = builder;
  const machine = findMachine(values.get('name')?.value, values.get('task.init_addr')?.value);
  const found = { generation, machine: machine.name };
  if (options.mode === 'strict') {
    const info: KernelInfo = Object.fromEntries(readPandaSection(group, issues));
    return { info, sound: info, ...found, issues: inOrder(issues) };
  }
  checkKernelInfo({ group, values, wrong, generation, machine, issues });
  warnOfPanda(group, issues);
  const info: KernelInfo = Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
  return { info, sound: soundValues(values, issues), ...found, issues: inOrder(issues) };
}

/** The values without those that an error names, by today's name or the one that is written. */
function soundValues(values: ReadonlyMap<string, TypedValue>, issues: IssueLog): KernelInfo {
  const wrong = new Set<string | undefined>();
  for (const { severity, key, otherKey } of issues.list())
    if (severity === 'error') wrong.add(key).add(otherKey);
  const sound = [...values].filter(([key, { entry }]) => !wrong.has(key) && !wrong.has(entry.key));
  return Object.fromEntries(sound.map(([key, { value }]) => [key, value]));
}

function inOrder(issues: IssueLog): KconfIssue[] {
  return issues.list().sort((one, other) => one.line - other.line);
}

/** Says once of a section that is fine by its own rules that PANDA refuses it, and for how many keys. */
function warnOfPanda(group: KeyFileGroup, issues: IssueLog): void {
  if (issues.list().some(({ severity }) => severity !== 'warning')) return;
  const strict = new IssueLog();
  readPandaSection(group, strict);
  const count = (severity: IssueSeverity): number =>
    strict.list().filter((issue) => issue.severity === severity).length;
  const [missing, refused] = [count('incomplete'), count('error')];
  if (missing + refused === 0) return;
  const message = `PANDA refuses [${group.name}]: ${missing} required keys are missing and ${refused} values are invalid`;
  const hint = 'run osi-linux kconf check --strict to list them';
  issues.add({ severity: 'warning', line: group.line, message, hint });
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
  const { info, issues } = safeParseKernelInfo(group, options);
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
        hint: 'import the section again from the whole log of the kernel module',
        fields: { group: group.name, keys, issues },
      },
    );
  }
  return info;
}
