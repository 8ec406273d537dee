import type { OsiError } from '@osi-linux/core';
import type { IssueSeverity } from '@osi-linux/kconf';

/**
 * One thing that is wrong with the log or the key file of an import; in JSON they are its `findings`.
 *
 * It is a `KconfIssue`, or an error, with the file that it is of; a `Finding` is about a guest.
 */
export interface ImportIssue {
  readonly severity: IssueSeverity;
  /** Which of the two files it is about. */
  readonly file: 'log' | 'output';
  /** Line number from 1; `null` if no line is meant. */
  readonly line: number | null;
  readonly key: string | null;
  /** The code of an `OsiError`; `null` for an issue of a line. */
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
}

/** An error as an issue; the message contains its cause. */
export function issueOfError(error: OsiError, file: ImportIssue['file']): ImportIssue {
  const { code, message, hint, fields, cause } = error;
  const line = typeof fields['line'] === 'number' ? fields['line'] : null;
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  return { severity: 'error', file, line, key: null, code, message: message + because, hint: hint ?? null };
}

/** `2 errors, 1 missing item`. */
export function countIssues(findings: readonly ImportIssue[]): string {
  const count = (severity: IssueSeverity): number =>
    findings.filter((each) => each.severity === severity).length;
  const [errors, missing] = [count('error'), count('incomplete')];
  const parts = [
    errors > 0 ? `${errors} ${errors === 1 ? 'error' : 'errors'}` : '',
    missing > 0 ? `${missing} missing ${missing === 1 ? 'item' : 'items'}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
