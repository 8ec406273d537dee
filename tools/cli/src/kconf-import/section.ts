import { OsiError } from '@osi-linux/core';
import {
  createGroup,
  findKernelInfoBlock,
  formatSection,
  type KconfIssue,
  type KeyFileGroup,
  safeParseKernelInfo,
} from '@osi-linux/kconf';
import { type Finding, findingOfError } from './finding';

/** Where the block stands in the log. */
export interface BlockPlace {
  /** Line of KERNELINFO-BEGIN, from 1. */
  readonly beginLine: number;
  readonly endLine: number;
  /** How many whole blocks the log has. */
  readonly blocks: number;
}

/** What was made of a log. */
export interface ImportedSection {
  /** `undefined` where the log has no whole block. */
  readonly block: BlockPlace | undefined;
  readonly group: KeyFileGroup | undefined;
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
export function readSection(log: Uint8Array, name: string): ImportedSection {
  try {
    const { lines: numbered, issues, ...block } = findKernelInfoBlock(log);
    const group = createGroup(name, block.beginLine, numbered);
    const lines = numbered.map(({ text }) => text);
    const findings = [...issues, ...safeParseKernelInfo(group).issues].map(findingOfIssue);
    findings.sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
    return { block, group, lines, text: formatSection(name, lines), keys: group.entries.length, findings };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return emptySection(error);
  }
}

/** The section of a log of which nothing could be read. */
export function emptySection(error: OsiError): ImportedSection {
  const findings = [findingOfError(error, 'log')];
  return { block: undefined, group: undefined, lines: [], text: '', keys: 0, findings };
}

function findingOfIssue({ severity, line, key, message, hint }: KconfIssue): Finding {
  return { severity, file: 'log', line, key: key ?? null, code: null, message, hint: hint ?? null };
}
