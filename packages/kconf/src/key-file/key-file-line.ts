const NUL = 0;
const EQUALS = 0x3d;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const HASH = 0x23;
const SPACE = 0x20;
const TAB = 0x09;

/** The meaning of one line of a key file to GLib, without its line ending. */
export type KeyFileLine =
  | { readonly kind: 'blank' }
  | { readonly kind: 'comment' }
  | { readonly kind: 'group'; readonly name: Uint8Array }
  | EntryLine
  | MalformedLine;

/** A key with its value. */
export interface EntryLine {
  readonly kind: 'entry';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Whether a NUL hides the rest of the line from GLib. */
  readonly cut: boolean;
}

/** A line that makes GLib reject the whole file. */
export interface MalformedLine {
  readonly kind: 'malformed';
  /** Column from 1, in bytes. */
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
  /** Whether the line was meant as a group header, so that the lines after it belong to no known group. */
  readonly header: boolean;
}

/**
 * Classifies a line as `g_key_file_load_from_data` (GLib 2.74) does, byte by byte.
 *
 * GLib holds each line as a C string: nothing behind a NUL is seen.
 */
export function classifyLine(line: Uint8Array): KeyFileLine {
  const nul = line.indexOf(NUL);
  const text = nul < 0 ? line : line.subarray(0, nul);
  let start = 0;
  while (start < text.length && isSpace(text[start])) start += 1;
  if (start === text.length) return { kind: 'blank' };
  if (text[start] === HASH) return { kind: 'comment' };
  const rest = text.subarray(start);
  if (isGroupLine(rest)) return groupLine(line.subarray(start), rest, start + 1);
  const equals = rest.indexOf(EQUALS);
  if (equals > 0) return entryLine(rest, equals, start + 1, nul >= 0);
  return notALine(rest, start + 1);
}

/** Whether GLib can hold a group of this name. */
export function isGroupNameBytes(name: Uint8Array): boolean {
  let at = 0;
  while (at < name.length && !endsGroupName(name[at])) at = nextCharacter(name, at);
  return at === name.length && name.length > 0;
}

function endsGroupName(byte: number | undefined): boolean {
  return byte === CLOSE || byte === OPEN || byte === undefined || byte < SPACE || byte === 0x7f;
}

function groupLine(whole: Uint8Array, text: Uint8Array, column: number): KeyFileLine {
  const close = whole.lastIndexOf(CLOSE);
  const name = text.subarray(1, Math.min(close, text.length));
  if (isGroupNameBytes(name)) return { kind: 'group', name };
  return {
    kind: 'malformed',
    column,
    message: 'not a group name between the brackets',
    hint: 'a group name has at least one character, without brackets and control characters',
    header: true,
  };
}

function isGroupLine(text: Uint8Array): boolean {
  if (text[0] !== OPEN) return false;
  let at = 1;
  while (at < text.length && text[at] !== CLOSE) at = nextCharacter(text, at);
  if (at >= text.length) return false;
  at = nextCharacter(text, at);
  while (text[at] === SPACE || text[at] === TAB) at = nextCharacter(text, at);
  return at >= text.length;
}

function entryLine(text: Uint8Array, equals: number, column: number, cut: boolean): KeyFileLine {
  let keyEnd = equals;
  while (keyEnd > 0 && isSpace(text[keyEnd - 1])) keyEnd -= 1;
  const key = text.subarray(0, keyEnd);
  if (!isKeyName(key)) {
    return {
      kind: 'malformed',
      column,
      message: 'not a key name before "="',
      hint: 'a key has no brackets; remove a log prefix such as "[  12.345678] " from the line',
      header: false,
    };
  }
  let valueStart = equals + 1;
  while (valueStart < text.length && isSpace(text[valueStart])) valueStart += 1;
  return { kind: 'entry', key, value: text.subarray(valueStart), cut };
}

function isKeyName(key: Uint8Array): boolean {
  let at = 0;
  while (at < key.length && key[at] !== EQUALS && key[at] !== OPEN && key[at] !== CLOSE) {
    at = nextCharacter(key, at);
  }
  if (at === 0 || key[0] === SPACE || key[at - 1] === SPACE) return false;
  if (key[at] === OPEN) {
    at += 1;
    while (isLocaleCharacter(key, at)) at = nextCharacter(key, at);
    if (key[at] !== CLOSE) return false;
    at += 1;
  }
  return at >= key.length;
}

/** Letters and digits by Unicode; of those that are newer than its tables, GLib knows nothing. */
function isLocaleCharacter(key: Uint8Array, at: number): boolean {
  const byte = key[at];
  if (byte === undefined) return false;
  if (byte < 0x80) return /[A-Za-z0-9_.@-]/.test(String.fromCharCode(byte));
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
  const character = strictUtf8(key.subarray(at, at + length));
  return character !== undefined && /^[\p{L}\p{N}]$/u.test(character);
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of bytes that are UTF-8 from end to end, else `undefined`. */
export function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function notALine(text: Uint8Array, column: number): MalformedLine {
  const header = text[0] === OPEN && !text.includes(EQUALS);
  const base = { kind: 'malformed', column, header } as const;
  if (text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf) {
    const hint = 'save the file as UTF-8 without a byte order mark';
    return { ...base, message: 'the file begins with a byte order mark, which GLib does not accept', hint };
  }
  if (header) {
    return {
      ...base,
      message: 'not a group header',
      hint: 'only blanks may follow the "]" of "[group]"',
    };
  }
  if (text[0] === EQUALS) return { ...base, message: 'no key before "="' };
  const hint = 'a line is "key = value", "[group]" or a comment that starts with "#"';
  return { ...base, message: 'not a key, a group or a comment', hint };
}

/** GLib steps over text by lead bytes: everything up to the next byte that is not 10xxxxxx. */
function nextCharacter(text: Uint8Array, at: number): number {
  let next = at + 1;
  while (next < text.length && ((text[next] ?? 0) & 0xc0) === 0x80) next += 1;
  return next;
}

/** `g_ascii_isspace`: blank, tab, line feed, form feed, carriage return; no vertical tab. */
function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB || byte === 0x0a || byte === 0x0c || byte === 0x0d;
}
