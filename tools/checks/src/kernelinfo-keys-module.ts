import type { KeyKind, SchemaRow } from '@osi-linux/kconf';

/** One row that the kernel module can print, as it stands in the C sources. */
export interface ModuleRow {
  /** The macro of the row: `OFFSET`. */
  readonly macro: string;
  /** The key, without the `#` of a comment. */
  readonly key: string;
  /** The text after the key, in C: `struct task_struct, tasks`. */
  readonly rest: string;
}

const KINDS: Readonly<Record<string, KeyKind>> = {
  TEXT: 'text',
  CONSTANT: 'constant',
  SIGNED: 'constant',
  ADDRESS: 'address',
  ADDRESS_COMMENT: 'address',
  FOUND_ADDRESS: 'address',
  FOUND_CONSTANT: 'constant',
  SIZE: 'size',
  MEMBER_SIZE: 'size',
  OFFSET: 'offset',
  COMPUTED_OFFSET: 'offset',
  PROBED: 'offset',
  NOTED_SYMBOL: 'address',
  NOTED_SIZE: 'size',
  NOTED_OFFSET: 'offset',
  NOTED_RENAMED_SIZE: 'size',
  NOTED_RENAMED_OFFSET: 'offset',
};

/** Every row of the module: the uses of the macros that it defines over a `key`, and keys that are printed directly. */
export function readModuleRows(source: string): ModuleRow[] {
  const macros = [...source.matchAll(/^#define ([A-Z_]+)\(key\b/gm)].map(([, macro]) => macro);
  if (macros.length === 0) throw new Error('the module defines no macro over a key');
  const use = new RegExp(`^\\s*(${macros.join('|')})\\("#?([\\w.]+)"(?:, *(.*))?\\)`, 'gm');
  const rows = [...source.matchAll(use)].map(([, macro = '', key = '', rest = '']) => ({ macro, key, rest }));
  const direct = [...source.matchAll(/\b(?:printk|pr_[a-z]+)\([^"\n]*"#?([\w.]+) = /g)].map(
    ([, key = '']) => ({
      macro: 'printk',
      key,
      rest: '',
    }),
  );
  return [...rows, ...direct];
}

/**
 * Where the module and the schema differ, as sentences; empty when nowhere. `unprinted` are the keys of the schema
 * that the module is not meant to print.
 */
export function findModuleGaps(
  rows: readonly ModuleRow[],
  schema: readonly SchemaRow[],
  unprinted: readonly string[],
): string[] {
  const known = new Map(schema.map((row) => [row.key, row]));
  const printed = new Set(rows.filter(({ macro }) => macro !== 'ADDRESS_COMMENT').map(({ key }) => key));
  const strange = rows.filter(({ key }) => !known.has(key)).map(({ key }) => `${key} is in no schema row`);
  const silent = [...known.keys()].filter((key) => !printed.has(key) && !unprinted.includes(key));
  const wrong = unprinted.filter((key) => printed.has(key) || !known.has(key));
  return [
    ...strange,
    ...silent.map((key) => `${key} is not printed by the module`),
    ...wrong.map((key) => `${key} is said not to be printed, but it is, or has no schema row`),
    ...rows.flatMap((row) => kindGap(row, known.get(row.key))),
    ...schema.flatMap((row) => expressionGap(row, rows)),
  ];
}

function kindGap({ macro, key }: ModuleRow, row: SchemaRow | undefined): string[] {
  const kind = KINDS[macro];
  if (row === undefined || kind === row.kind) return [];
  return [`${key} is of kind ${row.kind} in the schema, but a row of ${macro}`];
}

/** A member may have been renamed: one of the rows of a key is enough. */
function expressionGap({ key, expression }: SchemaRow, rows: readonly ModuleRow[]): string[] {
  const told = rows.filter((row) => row.key === key).flatMap(expressionOf);
  if (told.length === 0 || (expression !== undefined && told.includes(expression))) return [];
  return [`${key} is ${expression} in the schema, but the module prints ${told.join(' or ')}`];
}

function expressionOf({ macro, rest }: ModuleRow): string[] {
  if (/^NOTED_/.test(macro)) return rest.split(', ');
  if (!['OFFSET', 'SIZE', 'MEMBER_SIZE'].includes(macro)) return [];
  return [
    rest
      .replace(/^struct /, '')
      .split(/, */)
      .join('.'),
  ];
}
