import { decodeText, OsiError } from '@osi-linux/core';
import {
  createGroup,
  findKernelInfoBlock,
  formatSection,
  type KconfIssue,
  type NumberedLine,
  safeParseKernelInfo,
} from '@osi-linux/kconf';

/** One finding about a log. */
export interface Finding {
  readonly severity: KconfIssue['severity'];
  /** Line number in the log from 1; `null` where no line is meant. */
  readonly line: number | null;
  readonly key: string | null;
  readonly message: string;
  readonly hint?: string;
}

/** What was made of a log. */
export interface ImportedSection {
  /** The lines of the section without its header. */
  readonly lines: readonly string[];
  /** The whole section as it is written. */
  readonly text: string;
  /** How many keys it has. */
  readonly keys: number;
  /** Every finding in the order of the log's lines. */
  readonly findings: readonly Finding[];
}

/**
 * Reads the section of a kernel log, with everything that is wrong with it.
 *
 * A log without a whole block gives an empty section with the error among the findings.
 */
export function readSection(log: Uint8Array, group: string): ImportedSection {
  try {
    const block = findKernelInfoBlock(decodeText(log));
    const parsed = createGroup(group, block.beginLine, block.lines);
    const lines = block.lines.map(({ text }) => text);
    const issues = [
      ...block.issues,
      ...findContradictions(block.lines),
      ...safeParseKernelInfo(parsed).issues,
    ];
    const findings = issues.map(toFinding).sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
    return { lines, text: formatSection(group, lines), keys: parsed.entries.length, findings };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return { lines: [], text: '', keys: 0, findings: [errorFinding(error)] };
  }
}

/** A key that the module printed twice must say the same both times; PANDA's extractor for 2.4 does that. */
function findContradictions(lines: readonly NumberedLine[]): KconfIssue[] {
  const seen = new Map<string, { readonly line: number; readonly value: string }>();
  const issues: KconfIssue[] = [];
  for (const { line, text } of lines) {
    if (text.startsWith('#')) continue;
    const equals = text.indexOf('=');
    const [key, value] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
    const earlier = seen.get(key);
    seen.set(key, { line, value });
    if (earlier === undefined || earlier.value === value) continue;
    const message = `key ${key} stands in line ${earlier.line} already, with another value`;
    issues.push({ severity: 'error', line, column: 1, key, message });
  }
  return issues;
}

function toFinding({ severity, line, key, message, hint }: KconfIssue): Finding {
  return { severity, line, key: key ?? null, message, ...(hint === undefined ? {} : { hint }) };
}

function errorFinding({ message, hint, fields }: OsiError): Finding {
  const line = typeof fields['line'] === 'number' ? fields['line'] : null;
  return { severity: 'error', line, key: null, message, ...(hint === undefined ? {} : { hint }) };
}
