/** The meaning of a command's exit code. */
export const ExitCode = {
  /** Everything was answered. */
  Complete: 0,
  /** The data is bad, or the answer is incomplete; the rest is named on standard error. */
  Incomplete: 1,
  /** The command was called in a wrong way. */
  Usage: 2,
} as const;

/** One of the three exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
