import type { IssueLog } from '../issue-log';
import { machineWordSize, parseKernelName } from '../kernel-info/kernel-name';
import { looksLikeKey } from '../kernel-info/known-keys';
import type { RawLine } from './log-lines';
import { stripEscapeSequences, stripLogPrefix, stripQuote } from './log-prefix';

/** No terminal is wider. */
const WIDEST = 1024;
/** More lines than a message fills on the narrowest terminal. */
const PIECES_LIMIT = 64;
/** Blanks at the end of a full line that a program which saves a screen may have cut off. */
const CUT_BLANKS = 2;
const ENTRY = /^([A-Za-z0-9_.]{1,128})[ \t]*=[ \t]*(.*)$/s;
const COMMENT = /^#[ \t]?([A-Za-z0-9_.]{1,128})[ \t]*=[ \t]*(.*)$/s;
const NUMBER = /^(?:[+-]?\d+|0x[0-9a-f]+)$/i;
const HEX = /^(?:0x)?[0-9a-f]+$/i;
/** Words of a kernel's version: `#29~18.04.1-Ubuntu SMP Mon Jul 29 16:12:22 UTC 2019`, `Debian 6.1.192-2 (2026-11-16)`. */
const WORDS =
  /(?<=[ |])(?:#\d\S*|SMP|PREEMPT\w*|Debian \d\S*|\(\d{4}-\d\d-\d\d\)|[A-Z][a-z]{2}|\d\d:\d\d:\d\d|UTC|GMT|[A-Z]{1,3}T|\d{4})(?=[ |]|$)/g;

/**
 * Joins the lines of a block that a terminal wrapped, at whatever width: a line as long as the longest one, and the next
 * one where it cannot stand by itself.
 *
 * A joint is taken if the joined line makes sense: a number behind a key, a name that ends in a machine. If a full line
 * of a wrapped block makes sense alone, but the next one does not, that is an error.
 */
export function* unwrapLines(
  lines: () => Iterable<RawLine>,
  begin: string,
  issues: IssueLog,
): Generator<RawLine> {
  const indent = /^[ \t]*/.exec(stripQuote(begin))?.[0].length ?? 0;
  const width = widthOf(lines(), indent);
  let [joints, first] = [0, 0];
  const screen = { indent, width };
  for (const group of eachGroup(lines(), screen)) {
    if (group.length < 2 || !isWhole(joined(group, width))) continue;
    joints += 1;
    first ||= group[0]?.line ?? 0;
  }
  if (joints === 0) {
    yield* lines();
    return;
  }
  const message = `the lines were wrapped at ${width} columns and are joined again, ${joints} of them`;
  issues.add({ severity: 'warning', line: first, message });
  for (const group of eachGroup(lines(), screen)) yield* joinGroup(group, width, issues);
}

/** A line, and its text without quotation. */
interface Piece extends RawLine {
  readonly text: string;
}

interface Screen {
  /** Blanks that stand before every line. */
  readonly indent: number;
  readonly width: number;
}

function widthOf(lines: Iterable<RawLine>, indent: number): number {
  let width = 0;
  for (const line of lines) width = Math.max(width, pieceOf(line, indent).text.length);
  return width;
}

function pieceOf({ raw, line }: RawLine, indent: number): Piece {
  const text = stripQuote(stripEscapeSequences(raw.slice(0, 2 * WIDEST))).replace(/[\r\0]+$/, '');
  const blanks = /^[ \t]*/.exec(text)?.[0].length ?? 0;
  return { raw, line, text: text.slice(Math.min(blanks, indent)) };
}

/** The lines, each with those that may go on with it. */
function* eachGroup(lines: Iterable<RawLine>, { indent, width }: Screen): Generator<Piece[]> {
  let group: Piece[] = [];
  for (const line of lines) {
    const piece = pieceOf(line, indent);
    const last = group.at(-1)?.text.length ?? 0;
    const isFull = width <= WIDEST && last > 0 && last >= width - CUT_BLANKS;
    if (!isFull || group.length >= PIECES_LIMIT || startsMessage(piece.text)) {
      if (group.length > 0) yield group;
      group = [];
    }
    group.push(piece);
  }
  if (group.length > 0) yield group;
}

/** Whether a line is the first of a message: it has the prefix of a logger, or a key of ours. */
function startsMessage(text: string): boolean {
  const message = stripLogPrefix(text);
  if (message === '' || message.length < text.trim().length) return true;
  const key = (ENTRY.exec(text) ?? COMMENT.exec(text))?.[1];
  return key !== undefined && looksLikeKey(key);
}

function* joinGroup(group: readonly Piece[], width: number, issues: IssueLog): Generator<RawLine> {
  const [first] = group;
  if (first === undefined) return;
  for (let count = group.length; count > 1; count -= 1) {
    const text = joined(group.slice(0, count), width);
    if (count < group.length ? !isWhole(text) : !isWhole(text) && isRow(first.text)) continue;
    yield { raw: text, line: first.line };
    yield* group.slice(count);
    return;
  }
  const second = group[1];
  if (second !== undefined && first.text.length === width) {
    const message = `line ${first.line} is as wide as the terminal that wrapped the block, and it cannot be decided whether line ${second.line} continues it`;
    const hint = 'save the log with dmesg > log, which does not wrap lines';
    issues.add({ severity: 'error', line: second.line, message, hint });
  }
  yield* group;
}

/** A full line with its continuations. A blank that was cut off, of which the width does not tell, shows in the words. */
function joined(group: readonly Piece[], width: number): string {
  const texts = group.map(({ text }) => text);
  const text = texts.map((each, index) => (index < texts.length - 1 ? each.padEnd(width) : each)).join('');
  const spaced = texts.join(' ');
  const isName = texts.length === 2 && stripLogPrefix(text).startsWith('name ');
  return isName && countWords(spaced) > countWords(text) ? spaced : text;
}

function countWords(text: string): number {
  return text.match(WORDS)?.length ?? 0;
}

function isRow(text: string): boolean {
  const message = stripLogPrefix(text);
  const key = (ENTRY.exec(message) ?? COMMENT.exec(message))?.[1];
  return key !== undefined && looksLikeKey(key);
}

/** Whether a line is a row that makes sense. */
function isWhole(text: string): boolean {
  const message = stripLogPrefix(text);
  const [, told, hex = ''] = COMMENT.exec(message) ?? [];
  if (told !== undefined) return looksLikeKey(told) && HEX.test(hex);
  const [, key = '', value = ''] = ENTRY.exec(message) ?? [];
  if (!looksLikeKey(key)) return false;
  return key === 'name' ? hasMachine(value) : NUMBER.test(value);
}

function hasMachine(name: string): boolean {
  const { machine } = parseKernelName(name);
  return machine !== undefined && machineWordSize(machine) !== undefined;
}
