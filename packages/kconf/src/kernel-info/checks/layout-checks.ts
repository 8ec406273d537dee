import { KERNELINFO_SCHEMA, type SchemaRow } from '../../schema/schema';
import type { TypedValue } from '../kernel-info-builder';
import type { ReadSection } from './read-section';

/** A member of a structure, by the bytes that it takes; `end` is as low as it can be where the size is not known. */
interface Field {
  readonly typed: TypedValue;
  readonly start: number;
  readonly end: number;
}

/** A larger `task.comm_size` is wrong, and is reported as such alone. */
const COMM_SIZE_LIMIT = 16;

/** Looks for members with impossible offsets: outside their structure, misaligned, or overlapping. */
export function checkLayout(section: ReadSection): void {
  const structs = new Map<string, Field[]>();
  for (const typed of section.values.values()) {
    if (typed.row.kind !== 'offset' || typeof typed.value !== 'number') continue;
    const field = { typed, start: typed.value, end: typed.value + fieldSize(section, typed.row) };
    checkInside(section, field);
    checkAligned(section, field);
    const struct = structName(typed.row);
    if (struct !== undefined) structs.set(struct, [...(structs.get(struct) ?? []), field]);
  }
  for (const [struct, fields] of structs) checkDisjoint(section, struct, fields);
}

function structName({ expression }: SchemaRow): string | undefined {
  return expression?.split('.')[0];
}

/** Bytes of a member, at the least. */
function fieldSize({ values, machine }: ReadSection, { key, member = 'pointer' }: SchemaRow): number {
  const pointer = machine.pointerSize ?? 4;
  const size = (of: string): number | undefined => {
    const value = values.get(of)?.value;
    return typeof value === 'number' ? value : undefined;
  };
  if (member === 'int') return 4;
  if (member === 'long-long') return 8;
  if (member === 'list') return 2 * pointer;
  if (member === 'pointer') return pointer;
  if (key === 'task.comm_offset') return Math.min(size('task.comm_size') ?? 1, COMM_SIZE_LIMIT);
  return key === 'path.d_name_offset' ? (size('qstr.size') ?? pointer) : 1;
}

const sizeRows: readonly SchemaRow[] = KERNELINFO_SCHEMA.filter(
  ({ kind, expression }) => kind === 'size' && expression?.includes('.') === false,
);

function checkInside({ values, issues }: ReadSection, { typed, end }: Field): void {
  const { row, value, entry } = typed;
  const size = sizeRows.find(({ expression }) => expression === structName(row));
  const bytes = size === undefined ? undefined : values.get(size.key)?.value;
  if (size === undefined || typeof bytes !== 'number' || end <= bytes) return;
  const message = `${entry.key} is ${value}, outside its structure: ${size.key} is ${bytes}`;
  issues.add({ severity: 'error', line: entry.line, key: entry.key, message });
}

/** Natural alignment; words of 8 bytes are aligned to 4 on i386. */
function checkAligned({ machine, issues }: ReadSection, { typed, start }: Field): void {
  const { row, entry } = typed;
  const member = row.member ?? 'pointer';
  const word = machine.pointerSize ?? 4;
  const alignment = member === 'bytes' ? 1 : member === 'int' ? 4 : word;
  if (start % alignment === 0) return;
  const message = `${entry.key} is ${start}, expected a multiple of ${alignment}`;
  const width = machine.pointerSize === undefined ? '' : `, as pointers of ${word * 8} bits are aligned`;
  issues.add({ severity: 'error', line: entry.line, key: entry.key, message: message + width });
}

function checkDisjoint({ issues }: ReadSection, struct: string, fields: readonly Field[]): void {
  const sorted = fields.slice().sort((one, other) => one.start - other.start);
  for (const [index, { typed, start }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before === undefined || start >= before.end || areInUnion(before.typed.row, typed.row)) continue;
    // The finding belongs to the later line: that is where the second claim to the bytes stands.
    const [first, second] =
      before.typed.entry.line <= typed.entry.line ? [before.typed, typed] : [typed, before.typed];
    const { entry, value } = second;
    const told = `${first.entry.key}, ${first.value}, in line ${first.entry.line}`;
    const message = `${entry.key} is ${value}, which overlaps ${told}: both are members of ${struct}`;
    issues.add({ severity: 'error', line: entry.line, key: entry.key, otherKey: first.entry.key, message });
  }
}

function areInUnion(one: SchemaRow, other: SchemaRow): boolean {
  return one.unionWith === other.key || other.unionWith === one.key;
}
