import type { SchemaRow } from '@osi-linux/kconf';
import type { Derivation, Derived } from './derivation';

const ARRAY_SIZE = /^ARRAY_SIZE\(([\w.]+)\)$/;
const DIFFERENCE = /^([\w.]+) - ([\w.]+)$/;
const PATH = /^\w+(\.\w+)+$/;
const NAME = /^\w+$/;

/** The symbols that the expressions of a row name. */
export function symbolsOf(row: SchemaRow): string[] {
  if (row.kind !== 'address') return [];
  return expressionsOf(row).flatMap((expression) => /^\w+/.exec(expression) ?? []);
}

/** The value of a row by the first of its expressions that this kernel has. */
export function evaluateRow(row: SchemaRow, derivation: Derivation): Derived {
  if (row.onlyWith !== undefined && derivation.types.member(row.onlyWith) === undefined) {
    return { missing: `this kernel has no member ${row.onlyWith}` };
  }
  const expressions = expressionsOf(row);
  for (const expression of expressions) {
    const value = EVALUATORS[row.kind](expression, derivation);
    if (value === undefined) continue;
    return expression === row.expression ? { value } : { value, evidence: expression };
  }
  return { missing: absence(row, expressions, derivation) };
}

const EVALUATORS: Readonly<
  Record<SchemaRow['kind'], (expression: string, derivation: Derivation) => bigint | number | undefined>
> = { offset, size, address, constant, text: () => undefined };

function expressionsOf({ expression, alternatives = [] }: SchemaRow): string[] {
  return expression === undefined ? [...alternatives] : [expression, ...alternatives];
}

function offset(expression: string, derivation: Derivation): number | undefined {
  if (PATH.test(expression)) return derivation.offset(expression);
  const [, minuend = '', subtrahend = ''] = DIFFERENCE.exec(expression) ?? [];
  const [one, other] = [derivation.offset(minuend), derivation.offset(subtrahend)];
  return one === undefined || other === undefined ? undefined : one - other;
}

function size(expression: string, { types }: Derivation): number | undefined {
  return PATH.test(expression) ? types.member(expression)?.size : types.sizeOf(expression);
}

/** A symbol, or a member of a variable that is called as its structure is: `pcpu_hot.current_task`. */
function address(expression: string, derivation: Derivation): bigint | undefined {
  if (NAME.test(expression)) return derivation.symbol(expression);
  const [variable = ''] = expression.split('.');
  const [base, member] = [derivation.symbol(variable), derivation.offset(expression)];
  return base === undefined || member === undefined ? undefined : base + BigInt(member);
}

function constant(expression: string, { types }: Derivation): number | undefined {
  const array = ARRAY_SIZE.exec(expression)?.[1];
  if (array !== undefined) return types.member(array)?.elements;
  const [enumName = '', name = '', ...rest] = expression.split('.');
  const value = rest.length === 0 && name !== '' ? types.enumerator(enumName, name) : undefined;
  return value === undefined ? undefined : Number(value);
}

/** Why a row has no value, as a clause: `this kernel has no task_struct.thread_group`. */
function absence(row: SchemaRow, expressions: readonly string[], { types }: Derivation): string {
  if (expressions.length === 0) return 'no kernel has this value';
  const [struct] = expressions.at(-1)?.match(/^\w+(?=\.)/) ?? [];
  const inStruct = row.kind === 'offset' || row.kind === 'size';
  if (inStruct && struct !== undefined && types.sizeOf(struct) === undefined) {
    return `this kernel has no structure ${struct}`;
  }
  const what = { address: 'symbol', constant: 'constant', text: 'text' };
  if (!inStruct) return `this kernel has no ${what[row.kind]} ${expressions.join(' or ')}`;
  return `this kernel has no ${struct === undefined ? 'structure' : 'member'} ${expressions.join(' or ')}`;
}
