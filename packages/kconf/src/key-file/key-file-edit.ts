import { decodeText, OsiError } from '@osi-linux/core';
import { eachLine, type FileLine } from './file-lines';
import { checkGroupLines } from './group-text';
import { classifyLine } from './key-file-line';

const LF = 0x0a;
const CR = 0x0d;

/** A group as it is to be written. */
export interface GroupText {
  /** The text between the brackets. */
  readonly name: string;
  /** Keys (`key = value`) and comments, a line each, without line endings. */
  readonly lines: readonly string[];
}

/**
 * Adds a group at the end of a key file; every byte that was there stays where it is.
 *
 * The group is set off by one blank line and has the line ending that most of the file has. A last line without an
 * ending gets one.
 *
 * @throws OsiError `KEY_FILE_GROUP_EXISTS`, `KEY_FILE_GROUP_NAME`, `KEY_FILE_LINE_UNWRITABLE`.
 *
 * @example
 * ```ts
 * const before = new TextEncoder().encode('# mine\n[a]\nx = 1');
 * const after = insertGroup(before, { name: 'b', lines: ['y = 2'] });
 * decodeText(after) // => '# mine\n[a]\nx = 1\n\n[b]\ny = 2\n'
 * insertGroup(before, { name: 'a', lines: [] }) // throws KEY_FILE_GROUP_EXISTS
 * ```
 */
export function insertGroup(file: Uint8Array, group: GroupText): Uint8Array {
  checkGroupLines(group.name, group.lines);
  const layout = readLayout(file);
  if (layout.spans.some(({ name }) => name === group.name)) {
    throw new OsiError('KEY_FILE_GROUP_EXISTS', `the file already has a group [${group.name}]`, {
      hint: 'replace the group, or choose another name',
      fields: { group: group.name },
    });
  }
  const gap = closeLastLine(file, layout);
  return concat([file, encode(gap + groupText(group, layout.ending))]);
}

/**
 * Puts a group in the place of one of the same name; every byte outside the old group stays.
 *
 * A comment block directly before the next group header belongs to that next group and stays with it, as does what
 * is set off from the old keys by a blank line. A name that occurs several times ends up once, at its first place.
 *
 * @throws OsiError `KEY_FILE_GROUP_UNKNOWN`, `KEY_FILE_GROUP_NAME`, `KEY_FILE_LINE_UNWRITABLE`.
 *
 * @example
 * ```ts
 * const before = new TextEncoder().encode('[a]\nx = 1\n\n# about b\n[b]\n');
 * decodeText(replaceGroup(before, { name: 'a', lines: ['x = 2'] })) // => '[a]\nx = 2\n\n# about b\n[b]\n'
 * ```
 */
export function replaceGroup(file: Uint8Array, group: GroupText): Uint8Array {
  checkGroupLines(group.name, group.lines);
  const layout = readLayout(file);
  const spans = layout.spans.filter(({ name }) => name === group.name);
  if (spans.length === 0) {
    throw new OsiError('KEY_FILE_GROUP_UNKNOWN', `the file has no group [${group.name}]`, {
      fields: { group: group.name },
    });
  }
  const parts: Uint8Array[] = [];
  let at = 0;
  spans.forEach(({ start, end }, index) => {
    parts.push(file.subarray(at, start));
    if (index === 0) parts.push(encode(groupText(group, layout.ending)));
    at = end;
  });
  parts.push(file.subarray(at));
  return concat(parts);
}

/** A group's header with its keys, as a range of bytes; comments of the next group are outside. */
interface GroupSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

interface Layout {
  readonly spans: readonly GroupSpan[];
  readonly ending: '\n' | '\r\n';
  /** Whether the file is empty or its last line is. */
  readonly endsBlank: boolean;
}

interface Tail {
  /** End of the last key, with the comments that follow it without a blank line. */
  attached: number;
  /** End of the last key, or of the last of those comments that is a twin of a key, such as `#task.init_addr = 0xC13E0FE0`. */
  twins: number;
  /** Whether a blank line came since. */
  blank: boolean;
}

function readLayout(file: Uint8Array): Layout {
  const reader = new LayoutReader(file);
  for (const line of eachLine(file)) reader.add(line);
  return reader.finish();
}

class LayoutReader {
  private readonly file: Uint8Array;
  private readonly spans: GroupSpan[] = [];
  private readonly endings = { crlf: 0, lf: 0 };
  private open: { readonly name: string; readonly start: number; readonly tail: Tail } | undefined;
  private endsBlank = true;

  constructor(file: Uint8Array) {
    this.file = file;
  }

  add(line: FileLine): void {
    const content = classifyLine(this.file.subarray(line.start, line.end));
    this.endsBlank = content.kind === 'blank';
    if (this.file[line.next - 1] === LF) this.endings[line.next - line.end > 1 ? 'crlf' : 'lf'] += 1;
    if (content.kind === 'group' || (content.kind === 'malformed' && content.header)) {
      this.close(true);
      if (content.kind === 'group') this.openGroup(content.name, line);
    } else if (this.open !== undefined) {
      extend(this.open.tail, content.kind, line, this.file);
    }
  }

  finish(): Layout {
    this.close(false);
    const ending = this.endings.crlf > this.endings.lf ? '\r\n' : '\n';
    return { spans: this.spans, ending, endsBlank: this.endsBlank };
  }

  private openGroup(name: Uint8Array, { start, next }: FileLine): void {
    const tail = { attached: next, twins: next, blank: false };
    this.open = { name: decodeText(name), start, tail };
  }

  private close(beforeHeader: boolean): void {
    if (this.open === undefined) return;
    const { name, start, tail } = this.open;
    this.spans.push({ name, start, end: spanEnd(tail, beforeHeader) });
    this.open = undefined;
  }
}

function extend(
  tail: Tail,
  kind: 'blank' | 'comment' | 'entry' | 'malformed',
  line: FileLine,
  file: Uint8Array,
): void {
  if (kind === 'blank') {
    tail.blank = true;
  } else if (kind === 'comment') {
    if (tail.blank) return;
    tail.attached = line.next;
    if (/^\s*#\s*[\w.]+\s*=/.test(decodeText(file.subarray(line.start, line.end)))) tail.twins = line.next;
  } else {
    Object.assign(tail, { attached: line.next, twins: line.next, blank: false });
  }
}

/** Comments that run on into the next header are that group's, unless they are twins of this group's keys. */
function spanEnd(tail: Tail, beforeHeader: boolean): number {
  return beforeHeader && !tail.blank ? tail.twins : tail.attached;
}

function groupText({ name, lines }: GroupText, ending: string): string {
  return [`[${name}]`, ...lines, ''].join(ending);
}

function closeLastLine(file: Uint8Array, { endsBlank, ending }: Layout): string {
  const separator = endsBlank ? '' : ending;
  const last = file[file.length - 1];
  if (last === undefined || last === LF) return separator;
  // GLib cuts one CR before the LF: a value that ends in a CR must not lose it.
  return (last === CR ? '\r\n' : ending) + separator;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
