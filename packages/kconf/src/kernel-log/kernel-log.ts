import type { KconfIssue } from '../issue';
import type { NumberedLine } from '../key-file/key-file';
import { BlockReader } from './block-reader';
import { PLAIN_LINES } from './log-form';
import { eachLogLine } from './log-lines';
import { type BlockEnds, findMarkers, type LogMarkers } from './log-markers';
import { decodeLog, refuseBinary } from './log-text';
import { missingBlock } from './missing-block';
import { unwrapLines } from './wrapped-lines';

/** The output of the kernel module, found in a kernel log. */
export interface KernelInfoBlock {
  /** Line number of KERNELINFO-BEGIN in the log, from 1. */
  readonly beginLine: number;
  /** Line number of KERNELINFO-END. */
  readonly endLine: number;
  /** How many whole blocks the log has; the last is the one that is given. */
  readonly blocks: number;
  /** The keys and comments between them without the log's prefixes, in the log's order. */
  readonly lines: readonly NumberedLine[];
  /** Lines that are neither, and their meaning for the section; keys that are there twice; other blocks. */
  readonly issues: readonly KconfIssue[];
}

/**
 * Finds the output of the kernel module in a kernel log: the last block that has both its ends.
 *
 * The log may be the output of `dmesg` and its options, of `journalctl` and its formats, syslog, raw lines
 * (`<6>[    1.2] ...`), lines without a prefix, a serial console, or a log quoted in a document. Bytes are better than
 * text: they are checked for being text at all.
 *
 * @throws OsiError `KERNEL_LOG_NO_BLOCK` when there is none, `KERNEL_LOG_BLOCK_CUT` when an end is missing,
 * `KERNEL_LOG_NOT_TEXT` for bytes that are UTF-16, compressed or otherwise no text.
 *
 * @example
 * ```ts
 * const log = '[1.0] --KERNELINFO-BEGIN--\n[1.1] task.size = 1060\n[1.2] ---KERNELINFO-END---\n';
 * findKernelInfoBlock(log).lines // => [{ line: 2, text: 'task.size = 1060' }]
 * findKernelInfoBlock('[1.0] Linux version 6.1.0\n') // throws KERNEL_LOG_NO_BLOCK
 * findKernelInfoBlock(Uint8Array.of(0x1f, 0x8b)) // throws KERNEL_LOG_NOT_TEXT
 * ```
 */
export function findKernelInfoBlock(log: Uint8Array | string): KernelInfoBlock {
  const text = typeof log === 'string' ? log : decodeLog(log);
  const found = findMarkers(text);
  const { last, blocks } = found;
  if (last === undefined) {
    if (typeof log !== 'string') refuseBinary(log);
    throw missingBlock(text, found);
  }
  const { lines, issues } = readBlock(text, last);
  for (const issue of noteOthers(text, last, found, lines)) issues.add(issue);
  return { beginLine: last.begin.line, endLine: last.end.line, blocks, lines, issues: issues.list() };
}

function readBlock(text: string, { begin, end }: BlockEnds): BlockReader {
  const reader = new BlockReader();
  reader.addMessages(begin.glued, begin.line);
  const stretch = { from: begin.next, to: end.start, line: begin.line + 1 };
  const lines = () => eachLogLine(text, stretch);
  const wrapped = begin.form === PLAIN_LINES;
  const first = text.slice(begin.start, begin.next - 1);
  for (const { raw, line } of wrapped ? unwrapLines(lines, first, reader.issues) : lines())
    reader.add(raw, line, begin.form);
  reader.addMessages(end.glued, end.line);
  return reader;
}

/** The notes about the blocks that are not taken: those before, and the rest of one behind. */
function* noteOthers(
  text: string,
  last: BlockEnds,
  { blocks, previous, strays }: LogMarkers,
  lines: readonly NumberedLine[],
): Generator<Omit<KconfIssue, 'column'>, void, undefined> {
  if (previous !== undefined) {
    const differing = differingKeys(readBlock(text, previous).lines, lines);
    const compared =
      differing.length === 0
        ? 'the one before it is the same'
        : `the one before it (line ${previous.begin.line}) differs in ${list(differing)}`;
    const message = `the log has ${blocks} complete blocks; the last one is used, ${compared}`;
    yield { severity: 'warning', line: last.begin.line, message };
  }
  for (const { which, line } of strays) {
    const message = `KERNELINFO-${which} in line ${line} belongs to a block that is cut off; the block before it is used`;
    yield { severity: 'warning', line, message };
  }
}

/** The keys in which two blocks differ, in the order of the second. */
function differingKeys(one: readonly NumberedLine[], other: readonly NumberedLine[]): string[] {
  const [before, after] = [readValues(one), readValues(other)];
  const keys = [...after.keys(), ...[...before.keys()].filter((key) => !after.has(key))];
  return keys.filter((key) => before.get(key) !== after.get(key));
}

function readValues(lines: readonly NumberedLine[]): Map<string, string> {
  return new Map(
    lines
      .filter(({ text }) => !text.startsWith('#'))
      .map(({ text }) => {
        const equals = text.indexOf('=');
        return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
      }),
  );
}

function list(keys: readonly string[]): string {
  const shown = keys.slice(0, 3).join(', ');
  return keys.length > 3 ? `${shown} and ${keys.length - 3} more` : shown;
}
