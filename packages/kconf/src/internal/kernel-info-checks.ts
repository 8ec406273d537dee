import type { KeyFileGroup } from '../key-file';
import { findSchemaRow, KERNELINFO_SCHEMA, type KeyGeneration, type SchemaRow } from '../schema';
import type { IssueLog } from './issue-log';
import type { TypedValue } from './kernel-info-builder';

/** A section that has been read, to be held against itself. */
export interface ReadSection {
  readonly group: KeyFileGroup;
  readonly values: ReadonlyMap<string, TypedValue>;
  /** The keys whose values could not be read; they are named already, and do not count as missing. */
  readonly wrong: ReadonlySet<string>;
  readonly generation: KeyGeneration;
  readonly issues: IssueLog;
}

const UPPER_HALF = 1n << 63n;
const FOUR_GIB = 1n << 32n;
/** TASK_COMM_LEN is 16 in every kernel so far; anything near it is believed. */
const COMM_SIZE = { min: 8, max: 256 };

/** Looks for what is missing and for values that cannot be true together. */
export function checkKernelInfo(section: ReadSection): void {
  checkRequired(section);
  const machine = machineOf(section.values.get('name')?.value);
  for (const typed of section.values.values()) {
    if (typed.row.kind === 'offset') checkInsideStruct(section, typed);
    if (typed.row.kind === 'address') checkAddress(section, typed, machine);
  }
  checkCommSize(section);
  checkTwins(section);
}

function checkRequired({ group, values, wrong, generation, issues }: ReadSection): void {
  const written = new Set(group.entries.map(({ key }) => key));
  const reasons = readReasons(group);
  for (const { key, requiredIn, aliases = [] } of KERNELINFO_SCHEMA) {
    if (requiredIn?.includes(generation) !== true || values.has(key) || wrong.has(key)) continue;
    const empty = [key, ...aliases].some((name) => written.has(name));
    const reason = reasons.get(key);
    const state = empty ? 'has no value' : 'is missing';
    const older = generation === 'panda1' && aliases[0] !== undefined ? ` (PANDA 1: ${aliases[0]})` : '';
    const because = reason === undefined ? '' : `: ${reason.text}`;
    issues.add({
      severity: 'incomplete',
      line: reason?.line ?? group.line,
      key,
      message: `required key ${key}${older} ${state}${because}`,
    });
  }
}

/** The kernel module says in a comment why it could not find a value: `# KEY = missing: REASON`. */
function readReasons(group: KeyFileGroup): Map<string, { readonly text: string; readonly line: number }> {
  const reasons = new Map<string, { text: string; line: number }>();
  for (const { text, line } of group.comments) {
    const [, key, reason] = /^\s*#\s*([\w.]+)\s*=\s*missing: (.*)$/.exec(text) ?? [];
    if (key !== undefined && reason !== undefined) reasons.set(key, { text: reason, line });
  }
  return reasons;
}

function checkInsideStruct({ values, issues }: ReadSection, { row, value, entry }: TypedValue): void {
  const struct = row.expression?.split('.')[0];
  const size = sizeRows.find(({ expression }) => expression === struct);
  const bytes = size === undefined ? undefined : values.get(size.key)?.value;
  if (size === undefined || typeof bytes !== 'number' || typeof value !== 'number' || value < bytes) return;
  issues.add({
    severity: 'error',
    line: entry.line,
    key: entry.key,
    message: `${entry.key} is ${value}, expected less than ${size.key}, ${bytes}`,
  });
}

const sizeRows: readonly SchemaRow[] = KERNELINFO_SCHEMA.filter(
  ({ kind, expression }) => kind === 'size' && expression?.includes('.') === false,
);

function checkAddress(
  { issues }: ReadSection,
  { row, value, entry }: TypedValue,
  machine: string | undefined,
): void {
  if (row.kernelAddress === undefined || typeof value !== 'bigint') return;
  if (value === 0n && row.kernelAddress === 'or-zero') return;
  const narrow = machine !== undefined && /^i[3-6]86$/.test(machine);
  const expected =
    machine === 'x86_64' && value < UPPER_HALF
      ? 'an address of the upper half, as x86_64 kernels have'
      : narrow && (value === 0n || value >= FOUR_GIB)
        ? 'an address of 32 bits'
        : undefined;
  if (expected === undefined) return;
  issues.add({
    severity: 'error',
    line: entry.line,
    key: entry.key,
    message: `${entry.key} is 0x${value.toString(16)}, expected ${expected}`,
    hint: `the section says that its kernel is ${machine}`,
  });
}

function checkCommSize({ values, issues }: ReadSection): void {
  const typed = values.get('task.comm_size');
  if (typed === undefined || typeof typed.value !== 'number') return;
  const { min, max } = COMM_SIZE;
  if (typed.value >= min && typed.value <= max) return;
  const message = `task.comm_size is ${typed.value}, expected ${min} to ${max}`;
  issues.add({ severity: 'error', line: typed.entry.line, key: typed.entry.key, message });
}

/** Extractors print each address a second time as a comment in hex, with or without 0x. */
function checkTwins({ group, values, issues }: ReadSection): void {
  for (const { text, line } of group.comments) {
    const [, key = '', digits = ''] =
      /^\s*#\s*([\w.]+)\s*=\s*(?:0[xX])?([0-9a-fA-F]{1,16})\s*$/.exec(text) ?? [];
    const typed = values.get(key);
    if (typed === undefined || typeof typed.value !== 'bigint') continue;
    const twin = BigInt(`0x${digits}`);
    if (twin === typed.value) continue;
    const told = `0x${typed.value.toString(16)} in line ${typed.entry.line}`;
    issues.add({
      severity: findSchemaRow(key)?.handWritten ? 'warning' : 'error',
      line,
      key,
      message: `the comment says that ${key} is 0x${twin.toString(16)}, but it is ${told}`,
      hint: 'both are printed from one value: a line is damaged, or was edited',
    });
  }
}

/** The machine of a section's name: the first word of its third part, or the last word of PANDA 1's form. */
function machineOf(name: TypedValue['value'] | undefined): string | undefined {
  if (typeof name !== 'string') return undefined;
  const [, , machine] = name.split('|');
  if (machine !== undefined) return machine.trim().split(/\s+/)[0];
  return name.trim().split(/\s+/).at(-1);
}
