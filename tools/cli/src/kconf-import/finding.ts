import type { OsiError } from '@osi-linux/core';
import type { IssueSeverity } from '@osi-linux/kconf';

/** One finding about the log or about the key file. */
export interface Finding {
  readonly severity: IssueSeverity;
  /** Which of the two files it is about. */
  readonly file: 'log' | 'output';
  /** Line number from 1; `null` where no line is meant. */
  readonly line: number | null;
  readonly key: string | null;
  /** The code of an `OsiError`; `null` for a finding about a line. */
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
}

/** An error as a finding; what caused it is told in the message. */
export function findingOfError(error: OsiError, file: Finding['file']): Finding {
  const { code, message, hint, fields, cause } = error;
  const line = typeof fields['line'] === 'number' ? fields['line'] : null;
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  return { severity: 'error', file, line, key: null, code, message: message + because, hint: hint ?? null };
}

/** `2 errors, 1 missing item`. */
export function countFindings(findings: readonly Finding[]): string {
  const count = (severity: IssueSeverity): number =>
    findings.filter((each) => each.severity === severity).length;
  const [errors, missing] = [count('error'), count('incomplete')];
  const parts = [
    errors > 0 ? `${errors} ${errors === 1 ? 'error' : 'errors'}` : '',
    missing > 0 ? `${missing} missing ${missing === 1 ? 'item' : 'items'}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
