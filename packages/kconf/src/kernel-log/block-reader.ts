import { IssueLog } from '../issue-log';
import { findKeyAtEnd, isKnownKey, looksLikeKey } from '../kernel-info/known-keys';
import type { NumberedLine } from '../key-file/key-file';
import { DuplicateKeys } from './duplicate-keys';
import { LINE_LIMIT, type LogForm } from './log-form';
import { type LogMessage, splitLogLine } from './log-line';

/** printk's own limit for a message is 1 KiB. */
const TEXT_LIMIT = 1024;
/**
 * A block holds a hundred lines; more lines than that between its markers, as in a hostile log, are not kept.
 */
const BLOCK_LIMIT = 10_000;

const ENTRY = /^([A-Za-z0-9_]{1,64}(?:\.[A-Za-z0-9_]{1,64}){0,3})[ \t]*=/;
const COMMENT = /^#(?:[ \t]|$|[A-Za-z0-9_.]{1,128}[ \t]*=)/;
const DROPPED = /printk messages? dropped|messages? suppressed/;
/** Characters that no line of the module has: control characters, and bytes that are not text. */
const DAMAGED = /[\x00-\x08\x0b-\x1f\x7f\uFFFD]/;

/** Sorts the lines between the markers of a block into keys, comments and others. */
export class BlockReader {
  readonly lines: NumberedLine[] = [];
  readonly issues = new IssueLog();
  private readonly keys = new DuplicateKeys(this.issues);

  /** Takes one line of the log. */
  add(raw: string, line: number, form: LogForm): void {
    if (raw.length > LINE_LIMIT) {
      this.leaveOut(line, raw);
      return;
    }
    const message = form.message(raw);
    if (message !== undefined) this.addMessages(splitLogLine(message), line);
  }

  /** Takes the messages of one line. */
  addMessages(messages: readonly LogMessage[], line: number): void {
    for (const { text, runsOn } of messages) this.addMessage(text, line, runsOn);
  }

  private addMessage(text: string, line: number, runsOn: boolean): void {
    if (text.length > TEXT_LIMIT) this.leaveOut(line, text);
    else if (COMMENT.test(text)) this.addOwn(text, line, runsOn, undefined);
    else if (this.isEntry(text)) this.addOwn(text, line, runsOn, ENTRY.exec(text)?.[1]);
    else if (isElision(text)) this.lacks(line, `lines of the block were cut out here: ${text}`);
    else if (DROPPED.test(text)) this.lacks(line, `the kernel dropped lines here: ${text}`);
    else this.judge(text, line);
  }

  private isEntry(text: string): boolean {
    const [start = '', key] = ENTRY.exec(text) ?? [];
    if (key === undefined) return false;
    // Other subsystems print "type=1400 ..." and the like; our keys have a group and a dot, except two.
    if (!key.includes('.')) return isKnownKey(key);
    // A key of a group that is not known here may be a newer module's, which prints numbers.
    return looksLikeKey(key) || /^[ \t]*[+-]?(?:0x[0-9a-fA-F]+|\d+)[ \t]*$/.test(text.slice(start.length));
  }

  private addOwn(text: string, line: number, runsOn: boolean, key: string | undefined): void {
    if (this.lines.length >= BLOCK_LIMIT) {
      const message = `the block has more than ${BLOCK_LIMIT} lines`;
      this.issues.add({ severity: 'error', line, message });
      return;
    }
    const named = key === undefined ? {} : { key };
    const hint = 'a console mixes messages that are written at the same time: import the output of dmesg';
    const second = findSecondKey(text);
    if (runsOn || second !== undefined) {
      const what = second === undefined ? 'another message' : second;
      const message = `${what} continues in the same line: ${excerpt(text)}`;
      this.issues.add({ severity: 'error', line, ...named, message, hint });
    } else if (DAMAGED.test(text)) {
      const message = `a damaged byte in the line: ${excerpt(text)}`;
      this.issues.add({ severity: 'error', line, ...named, message, hint: 'save the log again' });
    }
    this.lines.push({ line, text });
    if (key !== undefined) this.keys.add(key, text.slice(text.indexOf('=') + 1).trim(), line);
  }

  private lacks(line: number, message: string): void {
    const hint = 'import the whole log, without edits';
    this.issues.add({ severity: 'incomplete', line, message, hint });
  }

  private judge(text: string, line: number): void {
    const word = /^[A-Za-z0-9_.]{1,128}/.exec(text)?.[0] ?? '';
    if (!looksLikeKey(word)) {
      this.leaveOut(line, text);
      return;
    }
    const message = `a key without a value: ${excerpt(text)}`;
    const hint = 'the line is damaged: save the log again';
    this.issues.add({ severity: 'error', line, key: word, message, hint });
  }

  private leaveOut(line: number, text: string): void {
    const message = `ignored a line of another part of the kernel: ${excerpt(text)}`;
    this.issues.add({ severity: 'warning', line, message });
  }
}

/** A key of ours inside a line that has one already: two messages without a stamp between them. */
function findSecondKey(text: string): string | undefined {
  const first = text.indexOf('=');
  if (text.indexOf('=', first + 1) < 0) return undefined;
  for (const [, word = ''] of text.slice(first).matchAll(/([A-Za-z0-9_.]{1,128}) ?=/g)) {
    const key = findKeyAtEnd(word);
    if (key !== undefined) return key;
  }
  return undefined;
}

/**
 * The marks that people put where they cut a log: `[...]`, `...`, `[... omitted ...]`, `<snip>`,
 * `[... 40 lines omitted ...]`.
 */
function isElision(text: string): boolean {
  if (text.length > 80) return false;
  const bare = text.replace(/[[\](){}<>.\u2026\s]/g, '').toLowerCase();
  if (bare === '') return /\.\.|\u2026/.test(text);
  return /^[[(<.\u2026]/.test(text) && /^\d*(more)?(lines?)?(omitted|elided|snip|snipped|cut)$/.test(bare);
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
