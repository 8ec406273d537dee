import { decodeText, formatHex, OsiError } from '@osi-linux/core';
import type { KconfIssue } from '../issue';
import { IssueLog } from '../issue-log';
import { eachLine } from './file-lines';
import { classifyLine, type EntryLine, type MalformedLine, strictUtf8 } from './key-file-line';

/** A key of a group with its raw value, as `g_key_file_get_value` gives it. */
export interface KeyFileEntry {
  /** The key, exactly as written; case counts. */
  readonly key: string;
  /** The text after `=` without leading blanks; escapes are not decoded and trailing blanks stay. */
  readonly value: string;
  /** Line number from 1; of the last one where a key occurs several times. */
  readonly line: number;
  /** Set if the value's bytes are not UTF-8: GLib gives such a value raw, but not as a string. */
  readonly notUtf8?: true;
}

/** A comment line inside a group. */
export interface KeyFileComment {
  /** The whole line with its `#`. */
  readonly text: string;
  /** Line number from 1. */
  readonly line: number;
}

/** A group with its keys in the order of their first occurrence; the last value of a key counts. */
export interface KeyFileGroup {
  /** The text between the brackets. */
  readonly name: string;
  /** Line number of the first header of this name, from 1. */
  readonly line: number;
  /** The keys, each once. */
  readonly entries: readonly KeyFileEntry[];
  /** The comment lines between this group's header and the next. */
  readonly comments: readonly KeyFileComment[];
}

/**
 * The contents of a key file as GLib reads them: groups in the order of their first header, those of one name
 * merged.
 */
export interface KeyFile {
  /** The groups, each once. */
  readonly groups: readonly KeyFileGroup[];
}

/** The readable part of a key file, and everything that GLib would object to. */
export interface KeyFileResult {
  /** The readable part: a malformed line spoils only itself. */
  readonly file: KeyFile;
  /** The findings in the order of the lines; one `error` is enough for GLib to reject the whole file. */
  readonly issues: readonly KconfIssue[];
}

/**
 * Reads a GLib key file such as `kernelinfo.conf` as far as it can be read, and lists everything that GLib
 * would object to.
 *
 * The meaning is that of `g_key_file_load_from_data` (GLib 2.74) in the C locale: only `#` starts a comment, at the
 * start of a line; `=` separates; names and values are bytes, shown as UTF-8.
 *
 * @example
 * ```ts
 * const { file, issues } = safeParseKeyFile('[g]\nname = #1 SMP i686\nstray\n');
 * file.groups[0]?.entries // => [{ key: 'name', value: '#1 SMP i686', line: 2 }]
 * issues.map(({ line, message }) => [line, message]) // => [[3, 'not a key, a group or a comment']]
 * ```
 */
export function safeParseKeyFile(input: Uint8Array | string): KeyFileResult {
  const given = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  // Node's Buffer takes several times as long for a part of itself.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const builder = new KeyFileBuilder(decoderOf(bytes));
  for (const line of eachLine(bytes)) builder.add(bytes.subarray(line.start, line.end), line.number);
  return builder.finish();
}

/**
 * Reads a GLib key file such as `kernelinfo.conf`, all of it or nothing, as GLib does.
 *
 * @throws OsiError `KEY_FILE_MALFORMED` with every finding in `fields.issues`.
 *
 * @example
 * ```ts
 * parseKeyFile('[a.b:32]\nx = 1\n').groups[0]?.name // => 'a.b:32'
 * parseKeyFile('x = 1\n') // throws KEY_FILE_MALFORMED
 * ```
 */
export function parseKeyFile(input: Uint8Array | string): KeyFile {
  const { file, issues } = safeParseKeyFile(input);
  const errors = issues.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return file;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new OsiError(
    'KEY_FILE_MALFORMED',
    `line ${first.line}, column ${first.column}: ${first.message}${more}`,
    {
      hint: first.hint ?? 'correct the line: GLib rejects the whole file because of it',
      fields: { line: first.line, column: first.column, issues },
    },
  );
}

/**
 * The group of a name, or `undefined`.
 *
 * @example
 * ```ts
 * findGroup(parseKeyFile('[a]\nx = 1\n'), 'b') // => undefined
 * ```
 */
export function findGroup(file: KeyFile, name: string): KeyFileGroup | undefined {
  return file.groups.find((group) => group.name === name);
}

/**
 * The entry of a key in a group, or `undefined`.
 *
 * @example
 * ```ts
 * const [group] = parseKeyFile('[a]\nx = 1\nx = 2\n').groups;
 * group && findEntry(group, 'x')?.value // => '2'
 * ```
 */
export function findEntry(group: KeyFileGroup, key: string): KeyFileEntry | undefined {
  return group.entries.find((entry) => entry.key === key);
}

/** A line of text with the number that it has in the file or log that it comes from. */
export interface NumberedLine {
  /** Line number from 1. */
  readonly line: number;
  /** The text of the line without its ending. */
  readonly text: string;
}

/**
 * Builds a group from lines of keys and comments that come from elsewhere, such as a kernel log.
 *
 * @throws OsiError `KEY_FILE_MALFORMED` when a line is no key and no comment.
 *
 * @example
 * ```ts
 * createGroup('g', 40, [{ line: 41, text: 'task.size = 1060' }]).entries // => [{ key: 'task.size', value: '1060', line: 41 }]
 * ```
 */
export function createGroup(name: string, line: number, lines: readonly NumberedLine[]): KeyFileGroup {
  const builder = new KeyFileBuilder();
  builder.openGroup(name, name, line);
  for (const each of lines) builder.add(new TextEncoder().encode(each.text), each.line);
  const { file, issues } = builder.finish();
  const wrong = issues.find(({ severity }) => severity === 'error');
  const [group] = file.groups;
  if (wrong !== undefined || group === undefined || file.groups.length > 1) {
    const at = wrong?.line ?? line;
    const message = `line ${at}: ${wrong?.message ?? 'a group header among the keys of a group'}`;
    throw new OsiError('KEY_FILE_MALFORMED', message, { fields: { line: at, issues } });
  }
  return group;
}

interface OpenGroup {
  readonly name: string;
  readonly line: number;
  readonly entries: Map<string, KeyFileEntry>;
  readonly comments: KeyFileComment[];
}

type Decoder = (part: Uint8Array) => string;

/** Bytes that are decoded at once; a string has its limit. */
const MOST_AT_ONCE = 64 * 1024 * 1024;

/** The decoder that makes text of the parts of a file. */
function decoderOf(file: Uint8Array): Decoder {
  if (file.length > MOST_AT_ONCE) return decodeText;
  const text = decodeText(file);
  // With one character a byte, the text of a part is a part of the text: no decoder is called for each.
  if (text.length !== file.length) return decodeText;
  return ({ byteOffset, length }) => {
    const start = byteOffset - file.byteOffset;
    return text.slice(start, start + length);
  };
}

class KeyFileBuilder {
  private readonly decode: Decoder;
  private readonly groups = new Map<string, OpenGroup>();
  private readonly issues = new IssueLog();
  private current: OpenGroup | 'none' | 'unreadable' = 'none';

  /** `decode` makes the text of the added bytes. */
  constructor(decode: Decoder = decodeText) {
    this.decode = decode;
  }

  add(bytes: Uint8Array, number: number): void {
    const line = classifyLine(bytes);
    if (line.kind === 'group') this.openNamed(line.name, number);
    else if (line.kind === 'entry') this.addEntry(line, number);
    else if (line.kind === 'malformed') this.reject(line, number);
    else if (line.kind === 'comment' && typeof this.current !== 'string') {
      this.current.comments.push({ text: this.decode(bytes), line: number });
    }
  }

  private openNamed(bytes: Uint8Array, line: number): void {
    const name = this.decode(bytes);
    this.openGroup(identity(bytes, name), name, line);
  }

  openGroup(id: string, name: string, line: number): void {
    const group = this.groups.get(id) ?? { name, line, entries: new Map(), comments: [] };
    this.groups.set(id, group);
    this.current = group;
  }

  finish(): KeyFileResult {
    const groups = [...this.groups.values()].map(({ name, line, entries, comments }) => {
      return { name, line, entries: [...entries.values()], comments };
    });
    return { file: { groups }, issues: this.issues.list() };
  }

  private reject({ column, message, hint, header }: MalformedLine, line: number): void {
    if (header) this.current = 'unreadable';
    this.issues.add({ severity: 'error', line, column, message, ...(hint === undefined ? {} : { hint }) });
  }

  private addEntry(entry: EntryLine, line: number): void {
    const key = this.decode(entry.key);
    const value = this.decode(entry.value);
    const group = this.current;
    if (group === 'unreadable') {
      const message = `key ${key} is ignored: the group header above it is malformed`;
      this.issues.add({ severity: 'warning', line, key, message });
    } else if (group === 'none') {
      const message = `key ${key} is before the first group`;
      this.issues.add({ severity: 'error', line, key, message, hint: 'put a "[group]" line before it' });
    } else if (key === 'Encoding' && this.isFirst(group) && !isUtf8(value, entry)) {
      const message = `Encoding is "${value}", but GLib reads only UTF-8`;
      this.issues.add({ severity: 'error', line, key, message });
    } else if (isForeignLocale(key)) {
      const message = `key ${key} is a translation, which GLib ignores in the C locale`;
      this.issues.add({ severity: 'warning', line, key, message });
    } else {
      const spoiled = value.includes('\uFFFD') && strictUtf8(entry.value) === undefined;
      this.store(group, identity(entry.key, key), {
        key,
        value,
        line,
        ...(spoiled ? { notUtf8: true } : {}),
      });
    }
  }

  private store(group: OpenGroup, id: string, entry: KeyFileEntry): void {
    const { key, line } = entry;
    const earlier = group.entries.get(id);
    if (earlier !== undefined) {
      const same =
        earlier.value === entry.value ? 'the same value' : `"${earlier.value}"; the last one is used`;
      const message = `[${group.name}] already has the key ${key}, in line ${earlier.line}, with ${same}`;
      this.issues.add({ severity: 'warning', line, key, message });
    } else if (key.startsWith(';')) {
      const message = `GLib reads "${key}" as a key, not as a comment`;
      this.issues.add({ severity: 'warning', line, key, message, hint: 'comments start with "#"' });
    }
    group.entries.set(id, entry);
  }

  private isFirst(group: OpenGroup): boolean {
    return this.groups.values().next().value === group;
  }
}

/**
 * The value of `Encoding`; GLib 2.74 compares the length of the line as well, with the bytes that a NUL
 * hides.
 */
function isUtf8(value: string, { cut }: EntryLine): boolean {
  return /^utf-8$/i.test(value) && !cut;
}

/** `key[xx]` is a translation; those of the C locale stay, and so does the empty `key[]`. */
function isForeignLocale(key: string): boolean {
  const open = key.lastIndexOf('[');
  if (open < 0 || key.length - open <= 2) return false;
  return key.slice(open + 1, -1).toLowerCase() !== 'c';
}

/** Names are bytes to GLib: two that are not UTF-8 must not become one in the text. */
function identity(name: Uint8Array, text: string): string {
  return text.includes('\uFFFD') ? `\0${formatHex(name)}` : text;
}
