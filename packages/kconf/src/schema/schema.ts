import { ADDRESS_SPACES_EXTENSION_ROWS } from './address-spaces-extension-rows';
import { EXTENSION_ROWS } from './extension-rows';
import { FILE_ROWS } from './file-rows';
import { FILES_EXTENSION_ROWS } from './files-extension-rows';
import { IDENTITY_ROWS } from './identity-rows';
import { LOG_EXTENSION_ROWS } from './log-extension-rows';
import { MAPLE_TREE_EXTENSION_ROWS } from './maple-tree-extension-rows';
import { MAPPING_ROWS } from './mapping-rows';
import { MODULES_EXTENSION_ROWS } from './modules-extension-rows';
import { MOUNTS_EXTENSION_ROWS } from './mounts-extension-rows';
import { PATHS_EXTENSION_ROWS } from './paths-extension-rows';
import { PIDS_EXTENSION_ROWS } from './pids-extension-rows';
import type { KeyKind, SchemaRow } from './schema-row';
import { SOCKETS_EXTENSION_ROWS } from './sockets-extension-rows';
import { TASK_ROWS } from './task-rows';
import { TASKS_EXTENSION_ROWS } from './tasks-extension-rows';

export type { KeyGeneration, KeyKind, MemberForm, SchemaRow } from './schema-row';

const ROWS = [
  ...IDENTITY_ROWS,
  ...TASK_ROWS,
  ...MAPPING_ROWS,
  ...FILE_ROWS,
  ...EXTENSION_ROWS,
  ...TASKS_EXTENSION_ROWS,
  ...ADDRESS_SPACES_EXTENSION_ROWS,
  ...MAPLE_TREE_EXTENSION_ROWS,
  ...FILES_EXTENSION_ROWS,
  ...PATHS_EXTENSION_ROWS,
  ...MOUNTS_EXTENSION_ROWS,
  ...MODULES_EXTENSION_ROWS,
  ...PIDS_EXTENSION_ROWS,
  ...SOCKETS_EXTENSION_ROWS,
  ...LOG_EXTENSION_ROWS,
] as const;

type Row = (typeof ROWS)[number];
type ValueOf<Kind extends KeyKind> = Kind extends 'address' ? bigint : Kind extends 'text' ? string : number;

/** Every key of `kernelinfo.conf` that has a meaning, in the order in which sections are written. */
export const KERNELINFO_SCHEMA: readonly SchemaRow[] = ROWS;

/** A key of the schema. */
export type KernelInfoKey = Row['key'];

/**
 * The values of a section, by key: `info['task.tasks_offset']` is an offset in bytes,
 * `info['task.init_addr']` an address, `info['name']` a text. A key that the section does not have is
 * `undefined`.
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
