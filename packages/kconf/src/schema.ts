import { EXTENSION_ROWS } from './schema/extension-rows';
import { FILE_ROWS } from './schema/file-rows';
import { IDENTITY_ROWS } from './schema/identity-rows';
import { MAPPING_ROWS } from './schema/mapping-rows';
import type { KeyKind, SchemaRow } from './schema/schema-row';
import { TASK_ROWS } from './schema/task-rows';

export type { KeyGeneration, KeyKind, MemberForm, SchemaRow } from './schema/schema-row';

const ROWS = [...IDENTITY_ROWS, ...TASK_ROWS, ...MAPPING_ROWS, ...FILE_ROWS, ...EXTENSION_ROWS] as const;

type Row = (typeof ROWS)[number];
type ValueOf<Kind extends KeyKind> = Kind extends 'address' ? bigint : Kind extends 'text' ? string : number;

/** Every key of `kernelinfo.conf` that means something, in the order in which sections are written. */
export const KERNELINFO_SCHEMA: readonly SchemaRow[] = ROWS;

/** A key of the schema. */
export type KernelInfoKey = Row['key'];

/**
 * What a section says of a kernel, by key: `info['task.tasks_offset']` is an offset in bytes, `info['task.init_addr']`
 * an address, `info['name']` a text. A key that the section does not have is `undefined`.
 */
export type KernelInfo = { readonly [Each in Row as Each['key']]?: ValueOf<Each['kind']> };

/**
 * The row of a key, or `undefined` for a key that is not in the schema. Older names have no row of their own.
 *
 * @example
 * ```ts
 * findSchemaRow('task.tasks_offset')?.expression // => 'task_struct.tasks'
 * findSchemaRow('task.no_such_key') // => undefined
 * ```
 */
export function findSchemaRow(key: string): SchemaRow | undefined {
  return rowsByKey.get(key);
}

const rowsByKey: ReadonlyMap<string, SchemaRow> = new Map(KERNELINFO_SCHEMA.map((row) => [row.key, row]));
