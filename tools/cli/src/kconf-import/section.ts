import { OsiError } from '@osi-linux/core';
import {
  createGroup,
  findKernelInfoBlock,
  formatSection,
  type KconfIssue,
  type KeyFileGroup,
  safeParseKernelInfo,
} from '@osi-linux/kconf';
import { type ImportIssue, issueOfError } from './import-issue';

/** Where the block stands in the log. */
export interface BlockPlace {
  /** Line of KERNELINFO-BEGIN, from 1. */
  readonly beginLine: number;
  readonly endLine: number;
  /** How many whole blocks the log has. */
  readonly blocks: number;
}

/** The section that was made of a log, or of a guest. */
export interface ImportedSection {
  /** Its source, for messages. */
  readonly source: 'log' | 'guest' | 'file';
  /** `undefined` if the log has no whole block, or if there is no log. */
  readonly block: BlockPlace | undefined;
  readonly group: KeyFileGroup | undefined;
  /** The lines of the section without its header. */
  readonly lines: readonly string[];
  /** The whole section as it is written. */
  readonly text: string;
  /** How many keys it has. */
  readonly keys: number;
  /** Every finding in the order of the log's lines. */
  readonly findings: readonly ImportIssue[];
}

/**
 * Reads the section of a kernel log, with everything that is wrong with it.
 *
 * A log without a whole block gives an empty section with the error among the findings.
 */
export function readSection(log: Uint8Array, name: string): ImportedSection {
  try {
    const { lines: numbered, issues, ...block } = findKernelInfoBlock(log);
    const group = createGroup(name, block.beginLine, numbered);
    const lines = numbered.map(({ text }) => text);
    const findings = [...issues, ...safeParseKernelInfo(group).issues].map(importIssueOf);
    findings.sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
    const text = formatSection(name, lines);
    return { source: 'log', block, group, lines, text, keys: group.entries.length, findings };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return emptySection(error);
  }
}

/** A section that was derived, judged as one of a log is; its findings have lines of the section. */
export function sectionOfLines(
  lines: readonly string[],
  name: string,
  source: 'guest' | 'file' = 'guest',
): ImportedSection {
  const numbered = lines.map((text, index) => ({ line: index + 2, text }));
  const group = createGroup(name, 1, numbered);
  const findings = safeParseKernelInfo(group).issues.map(importIssueOf);
  const text = formatSection(name, lines);
  return { source, block: undefined, group, lines, text, keys: group.entries.length, findings };
}

/** The section of a log that could not be read at all. */
export function emptySection(error: OsiError): ImportedSection {
  const findings = [issueOfError(error, 'log')];
  return { source: 'log', block: undefined, group: undefined, lines: [], text: '', keys: 0, findings };
}

function importIssueOf({ severity, line, key, message, hint }: KconfIssue): ImportIssue {
  return { severity, file: 'log', line, key: key ?? null, code: null, message, hint: hint ?? null };
}
