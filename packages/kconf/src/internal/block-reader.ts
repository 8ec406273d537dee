import type { NumberedLine } from '../key-file';
import { KERNELINFO_SCHEMA } from '../schema';
import { IssueLog } from './issue-log';
import { stripLogPrefix } from './log-prefix';

/** A line of a kernel log holds less than this; printk's own limit is 1 KiB. */
const TEXT_LIMIT = 4096;
/** A block holds a hundred lines; what is between its markers in a hostile log is not kept past this. */
const LINE_LIMIT = 10_000;

const ENTRY = /^([A-Za-z0-9_]{1,64}(?:\.[A-Za-z0-9_]{1,64}){0,3})[ \t]*=/;
const DROPPED = /printk messages? dropped|messages? suppressed/;

const knownKeys: ReadonlySet<string> = new Set(
  KERNELINFO_SCHEMA.flatMap(({ key, aliases }) => [key, ...(aliases ?? [])]),
);
const knownRooms: ReadonlySet<string> = new Set([...knownKeys].map((key) => key.split('.')[0] ?? key));

/** Sorts the lines between the markers of a block into keys, comments and others. */
export class BlockReader {
  readonly lines: NumberedLine[] = [];
  readonly issues = new IssueLog();

  /** Takes one line of the log. */
  add(raw: string, line: number): void {
    const text = raw.length > TEXT_LIMIT ? raw : stripLogPrefix(raw);
    if (text === '') return;
    if (text.length > TEXT_LIMIT) this.#leaveOut(line, text);
    else if (text.startsWith('#') || this.#isEntry(text)) this.#keep(text, line);
    else if (isElision(text)) this.#lacks(line, `lines of the block were elided here: ${text}`);
    else if (DROPPED.test(text)) this.#lacks(line, `the kernel dropped lines here: ${text}`);
    else this.#judge(text, line);
  }

  #isEntry(text: string): boolean {
    const key = ENTRY.exec(text)?.[1];
    // Other subsystems print "type=1400 ..." and the like; keys of ours have a room and a dot, but for two.
    return key !== undefined && (key.includes('.') || knownKeys.has(key));
  }

  #keep(text: string, line: number): void {
    if (this.lines.length < LINE_LIMIT) this.lines.push({ line, text });
    else this.issues.add({ severity: 'error', line, message: `the block has more than ${LINE_LIMIT} lines` });
  }

  #lacks(line: number, message: string): void {
    this.issues.add({
      severity: 'incomplete',
      line,
      message,
      hint: 'take the whole log, not a part that was edited',
    });
  }

  #judge(text: string, line: number): void {
    const word = /^[A-Za-z0-9_.]{1,128}/.exec(text)?.[0] ?? '';
    const isOurs = knownKeys.has(word) || (word.includes('.') && knownRooms.has(word.split('.')[0] ?? ''));
    if (!isOurs) {
      this.#leaveOut(line, text);
      return;
    }
    const message = `a key without a value: ${excerpt(text)}`;
    this.issues.add({
      severity: 'error',
      line,
      key: word,
      message,
      hint: 'the line is damaged; take the log anew',
    });
  }

  #leaveOut(line: number, text: string): void {
    const message = `a line of another part of the kernel is left out: ${excerpt(text)}`;
    this.issues.add({ severity: 'warning', line, message });
  }
}

/** What people put where they cut a log: `[...]`, `...`, `[... omitted ...]`, `<snip>`, `[... 40 lines omitted ...]`. */
function isElision(text: string): boolean {
  if (text.length > 80) return false;
  const bare = text.replace(/[[\](){}<>.\u2026\s]/g, '').toLowerCase();
  if (bare === '') return /\.\.|\u2026/.test(text);
  return /^[[(<.\u2026]/.test(text) && /^\d*(more)?(lines?)?(omitted|elided|snip|snipped|cut)$/.test(bare);
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
