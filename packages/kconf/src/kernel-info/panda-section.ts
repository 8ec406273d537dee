import type { IssueLog } from '../issue-log';
import { type GlibValue, readGlibInteger, readGlibString, readGlibUint64 } from '../key-file/glib-value';
import type { KeyFileEntry, KeyFileGroup } from '../key-file/key-file';
import { KERNELINFO_SCHEMA, type KeyGeneration, type SchemaRow } from '../schema/schema';

/** PANDA's version words: kernels above 2.4.254 have today's keys, those of 2.4 below it have their own. */
const LINUX24 = { first: (2 << 16) + (4 << 8), last: (2 << 16) + (4 << 8) + 254 };

/**
 * Reads a group exactly as PANDA's `osi_linux` does: its keys and no others, by GLib's typed getters. Each key that
 * makes it refuse the group is a finding: `incomplete` where it is missing, `error` where its value is refused.
 */
export function readPandaSection(
  group: KeyFileGroup,
  issues: IssueLog,
): Map<string, number | bigint | string> {
  const entries = new Map(group.entries.map((entry) => [entry.key, entry]));
  const values = new Map<string, number | bigint | string>();
  const required = requiredBy(pandaGeneration(entries));
  for (const row of KERNELINFO_SCHEMA) {
    const needed = required(row);
    if (!needed && row.optionalInPanda !== true) continue;
    const entry = entries.get(row.key);
    if (entry === undefined) {
      if (!needed) continue;
      const message = `required key ${row.key} is missing`;
      issues.add({ severity: 'incomplete', line: group.line, key: row.key, message });
      continue;
    }
    const read = readValue(row, entry);
    if ('value' in read) values.set(row.key, read.value);
    else issues.add(refusal(entry, read.complaint, needed));
  }
  return values;
}

function readValue(
  { kind }: SchemaRow,
  { value, notUtf8 }: KeyFileEntry,
): GlibValue<number | bigint | string> {
  if (kind === 'text') return readGlibString(value, notUtf8 === true);
  return kind === 'address' ? readGlibUint64(value) : readGlibInteger(value);
}

function refusal({ key, value, line }: KeyFileEntry, complaint: string, needed: boolean) {
  const shown = value.length > 60 ? `${value.slice(0, 60)}...` : value;
  const message = `${key} is "${shown}": PANDA refuses ${complaint}`;
  if (needed) return { severity: 'error', line, key, message } as const;
  return { severity: 'warning', line, key, message: `${message} and uses 0 for this optional key` } as const;
}

/** Which keys PANDA asks for: by the version numbers, each 0 where it is not there or refused. */
function pandaGeneration(
  entries: ReadonlyMap<string, KeyFileEntry>,
): Exclude<KeyGeneration, 'panda1'> | 'none' {
  const [a, b, c] = ['version.a', 'version.b', 'version.c'].map((key) => {
    const entry = entries.get(key);
    const read = entry === undefined ? undefined : readGlibInteger(entry.value);
    return read !== undefined && 'value' in read ? read.value : 0;
  }) as [number, number, number];
  const version = (a << 16) + (b << 8) + c;
  if (version > LINUX24.last) return 'current';
  return version >= LINUX24.first ? 'linux24' : 'none';
}

function requiredBy(generation: KeyGeneration | 'none'): (row: SchemaRow) => boolean {
  return ({ requiredIn = [] }) => {
    const [current, linux24] = [requiredIn.includes('current'), requiredIn.includes('linux24')];
    if (current && linux24) return true;
    return generation !== 'none' && requiredIn.includes(generation);
  };
}
