import { escapeControls } from '@osi-linux/core';
import {
  findSchemaRow,
  type KconfIssue,
  KERNELINFO_SCHEMA,
  type KernelInfo,
  type KernelInfoKey,
  type KeyFileGroup,
  safeParseKernelInfo,
} from '@osi-linux/kconf';
import { type JsonRow, type JsonValue, jsonAddress, jsonCount } from '../../output/json-value';
import { type Column, cellText } from '../../output/print-rows';

/** The columns of `osi-linux kconf show`. */
export const SHOW_COLUMNS: readonly Column[] = [
  { field: 'group', title: 'GROUP' },
  { field: 'key', title: 'KEY' },
  { field: 'value', title: 'VALUE' },
];

const todaysName: ReadonlyMap<string, string> = new Map(
  KERNELINFO_SCHEMA.flatMap(({ key, aliases = [] }) => aliases.map((alias) => [alias, key] as const)),
);

/** The parts of groups that are understood, and those that are not. */
export interface ShownGroups {
  readonly rows: readonly JsonRow[];
  /** Values that could not be read. */
  readonly problems: readonly KconfIssue[];
}

/** `osi-linux kconf show`: one row a key under today's name, with its value as it is understood. */
export function showGroups(groups: readonly KeyFileGroup[]): ShownGroups {
  const rows: JsonRow[] = [];
  const problems: KconfIssue[] = [];
  for (const group of groups) {
    const { info, issues } = safeParseKernelInfo(group);
    for (const key of Object.keys(info) as KernelInfoKey[]) {
      rows.push({ group: group.name, key, value: jsonInfoValue(info, key) });
    }
    const unread = (key = ''): boolean => info[(todaysName.get(key) ?? key) as KernelInfoKey] === undefined;
    problems.push(...issues.filter(({ severity, key }) => severity === 'error' && unread(key)));
  }
  return { rows, problems };
}

/** A value as the JSON has it: addresses are hex, absent values are null. */
export function jsonInfoValue(info: KernelInfo, key: KernelInfoKey): JsonValue {
  const value = info[key];
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' ? jsonAddress(value) : jsonCount(value);
}

/** A value for people: addresses are decimal, as the file has them, with the hex number beside. */
export function infoValueText(key: string, value: JsonValue): string {
  const isAddress = findSchemaRow(key)?.kind === 'address' && typeof value === 'string';
  return isAddress ? `${BigInt(value)} (${value})` : cellText(value);
}

/**
 * Every group and key with its text as `g_key_file_get_value` gives it: `{group: {key: text}}`.
 *
 * Written out by hand, for an object would take a key `__proto__` for something else, and put the key `10` first.
 */
export function rawJson(groups: readonly KeyFileGroup[], indent: '' | '  '): string {
  const object = (members: readonly string[], inner: string, outer: string): string => {
    if (members.length === 0) return '{}';
    return indent === '' ? `{${members.join(',')}}` : `{\n${inner}${members.join(`,\n${inner}`)}\n${outer}}`;
  };
  const colon = indent === '' ? ':' : ': ';
  const members = groups.map(({ name, entries }) => {
    const keys = entries.map(({ key, value }) => `${JSON.stringify(key)}${colon}${JSON.stringify(value)}`);
    return `${JSON.stringify(name)}${colon}${object(keys, indent + indent, indent)}`;
  });
  return object(members, indent, '');
}

/** Every group and key with its raw text for people, in the form of a key file; control characters are escaped. */
export function rawText(groups: readonly KeyFileGroup[]): string {
  const blocks = groups.map(({ name, entries }) => {
    const lines = entries.map(({ key, value }) => escapeControls(`${key} = ${value}`));
    return [escapeControls(`[${name}]`), ...lines].join('\n');
  });
  return blocks.join('\n\n');
}
