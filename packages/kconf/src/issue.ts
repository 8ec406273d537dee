/**
 * How bad a finding is: `error` is wrong data, `incomplete` is data that is not there, `warning` was read all the same.
 */
export type IssueSeverity = 'error' | 'incomplete' | 'warning';

/** One finding about a text: a line of a key file, of a section or of a kernel log. */
export interface KconfIssue {
  /** How bad it is. */
  readonly severity: IssueSeverity;
  /** Line number from 1, in the text that was read; a missing key stands at the head of its section. */
  readonly line: number;
  /** Column from 1, in bytes; 1 where the whole line is meant. */
  readonly column: number;
  /** The key that it is about. */
  readonly key?: string;
  /** A second key that it is about as much: the two contradict each other, and either may be wrong. */
  readonly otherKey?: string;
  /** The object, its place, the expected and the received value. */
  readonly message: string;
  /** The next step. */
  readonly hint?: string;
}
