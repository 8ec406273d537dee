import { KERNELINFO_SCHEMA, type KeyFileGroup, safeParseKernelInfo } from '@osi-linux/kconf';
import type { JsonRow, JsonValue } from '../../output/json-value';
import type { Column } from '../../output/print-rows';
import { jsonInfoValue } from './kconf-show';

/** The columns of `osi-linux kconf diff`, headed by the names of the groups. */
export function diffColumns(a: string, b: string): readonly Column[] {
  return [
    { field: 'key', title: 'KEY' },
    { field: 'a', title: `[${a}]` },
    { field: 'b', title: `[${b}]` },
  ];
}

/**
 * `osi-linux kconf diff`: one row a key whose values differ, under today's names; null where a group lacks the key.
 * Keys that mean nothing here, and values that cannot be read, are compared by their text.
 */
export function diffGroups(a: KeyFileGroup, b: KeyFileGroup): JsonRow[] {
  const [left, right] = [valuesOf(a), valuesOf(b)];
  const order = new Map(KERNELINFO_SCHEMA.map(({ key }, index) => [key as string, index]));
  const place = (key: string): number => order.get(key) ?? order.size;
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((key) => ({ key, a: left.get(key) ?? null, b: right.get(key) ?? null }))
    .filter((row) => row.a !== row.b)
    .sort((one, other) => place(one.key) - place(other.key));
}

function valuesOf(group: KeyFileGroup): Map<string, JsonValue> {
  const { info, issues } = safeParseKernelInfo(group);
  const values = new Map<string, JsonValue>();
  for (const { key } of KERNELINFO_SCHEMA) {
    const value = jsonInfoValue(info, key as keyof typeof info);
    if (value !== null) values.set(key, value);
  }
  const known = new Set(KERNELINFO_SCHEMA.flatMap(({ key, aliases }) => [key, ...(aliases ?? [])]));
  const unread = new Set(issues.filter(({ severity }) => severity === 'error').map(({ key }) => key));
  for (const { key, value } of group.entries) {
    if (!values.has(key) && (!known.has(key) || unread.has(key))) values.set(key, value);
  }
  return values;
}
