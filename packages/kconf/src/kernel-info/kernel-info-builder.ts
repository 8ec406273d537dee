import type { IssueLog } from '../issue-log';
import type { KeyFileEntry, KeyFileGroup } from '../key-file/key-file';
import { decodeEscapes } from '../key-file/string-value';
import { findSchemaRow, KERNELINFO_SCHEMA, type KeyGeneration, type SchemaRow } from '../schema/schema';
import { parseNumberValue } from './number-value';

/** A value of a section with the line that it comes from. */
export interface TypedValue {
  readonly value: number | bigint | string;
  readonly row: SchemaRow;
  readonly entry: KeyFileEntry;
}

const rowsByAlias: ReadonlyMap<string, SchemaRow> = new Map(
  KERNELINFO_SCHEMA.flatMap((row) => (row.aliases ?? []).map((alias) => [alias, row] as const)),
);

/** Turns the entries of a group into typed values under today's names. */
export class KernelInfoBuilder {
  readonly generation: KeyGeneration;
  readonly values = new Map<string, TypedValue>();
  /** Today's names of the keys whose values are wrong. */
  readonly wrong = new Set<string>();
  private readonly issues: IssueLog;

  constructor(group: KeyFileGroup, issues: IssueLog) {
    this.generation = detectGeneration(group);
    this.issues = issues;
  }

  /** Reads one entry. */
  add(entry: KeyFileEntry): void {
    const row = this.findRow(entry.key);
    if (row === undefined) {
      this.note('warning', entry, `key ${entry.key} is not known and is ignored`);
      return;
    }
    const value = row.kind === 'text' ? this.text(entry, row) : this.number(entry, row);
    if (value === undefined) return;
    const other = this.values.get(row.key);
    if (other === undefined || row.key === entry.key) this.values.set(row.key, { value, row, entry });
    if (row.key !== entry.key) this.noteAlias(entry, row);
    if (other !== undefined && other.value !== value) {
      const message = `${entry.key} contradicts ${other.entry.key} in line ${other.entry.line}; ${row.key} is used`;
      this.note('warning', entry, message);
    }
  }

  private findRow(key: string): SchemaRow | undefined {
    const own = findSchemaRow(key);
    // Names of 2.4 that later kernels gave to another member are older names there.
    if (own !== undefined && this.generation === 'linux24') return own;
    return rowsByAlias.get(key) ?? own;
  }

  private text(entry: KeyFileEntry, row: SchemaRow): string | undefined {
    const text = decodeEscapes(entry.value);
    if (typeof text === 'string') {
      if (entry.notUtf8) this.note('warning', entry, `${entry.key} is not UTF-8, which PANDA does not read`);
      return text;
    }
    this.wrong.add(row.key);
    this.note(
      'error',
      entry,
      `${entry.key} has the escape "${text.escape}"`,
      'GLib accepts only \\s \\n \\t \\r and \\\\',
    );
    return undefined;
  }

  private number(entry: KeyFileEntry, row: SchemaRow): number | bigint | undefined {
    const parsed = parseNumberValue(entry.value, row);
    if ('expected' in parsed) {
      this.wrong.add(row.key);
      const message = `${entry.key} is "${excerpt(entry.value)}", expected ${parsed.expected}`;
      this.note(
        'error',
        entry,
        message,
        'numbers are decimal; check that the line is complete and has one key',
      );
      return undefined;
    }
    if (parsed.note !== undefined) this.note('warning', entry, `${entry.key} ${parsed.note}`);
    return row.kind === 'address' || parsed.value === undefined ? parsed.value : Number(parsed.value);
  }

  private noteAlias(entry: KeyFileEntry, row: SchemaRow): void {
    const message = `${entry.key} is an older name of ${row.key}, which PANDA no longer reads`;
    const hint = row.signed
      ? 'PANDA 1 counted the offset from struct mount on kernels 3.3 and later; today it is counted from the vfsmount'
      : undefined;
    this.note('warning', entry, message, hint);
  }

  private note(
    severity: 'error' | 'warning',
    { key, line }: KeyFileEntry,
    message: string,
    hint?: string,
  ): void {
    this.issues.add({ severity, line, key, message, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Keys that sections had before `version.*` came, and none has had since. */
const OLD_KEYS = /^(task\.(task_offset|per_cpu_offset_0)|path\.qstr_\w+|fs\.(d|mnt)_\w+)$/;

/** By the keys that are there: sections of PANDA 1 have no version, and PANDA 1's own keys. */
function detectGeneration(group: KeyFileGroup): KeyGeneration {
  const value = (key: string): string | undefined =>
    group.entries.find((entry) => entry.key === key)?.value.trim();
  if (value('version.a') === '2' && value('version.b') === '4') return 'linux24';
  if (value('version.a') !== undefined) return 'current';
  return group.entries.some(({ key }) => OLD_KEYS.test(key)) ? 'panda1' : 'current';
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
