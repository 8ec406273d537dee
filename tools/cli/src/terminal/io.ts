import type { ExitCode } from './exit-code';

/** The parts of its process that a command may touch, so that tests can replace them. */
export interface Io {
  /** Writes to standard output: text in UTF-8, or the bytes themselves. */
  readonly out: (data: string | Uint8Array) => void;
  /** Writes to standard error. */
  readonly err: (text: string) => void;
  /** Width of the terminal on standard output; `undefined` if it is not a terminal. */
  readonly columns: number | undefined;
  /** Whether standard error is a terminal: only then is there colour. */
  readonly colour: boolean;
  /** Height of the terminal on standard output; `undefined` if it is not a terminal. */
  readonly rows?: (() => number | undefined) | undefined;
  /** Calls a function when the command is to end (Ctrl-C, SIGTERM); the returned function removes it. */
  readonly onInterrupt?: ((end: () => void) => () => void) | undefined;
  /** Calls a function with each key, if standard input is a terminal; the returned function removes it. */
  readonly onKey?: ((press: (key: string) => void) => () => void) | undefined;
  /** Runs long work; where Ctrl-C ends it, `doing` is printed as the rest of "interrupted while ...". */
  readonly runInterruptible?: (<Value>(run: () => Value, doing: () => string) => Value) | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How the command ended; set by the command. */
  exitCode: ExitCode;
}
