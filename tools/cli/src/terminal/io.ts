import type { ExitCode } from './exit-code';

/** What a command may touch of the process it runs in, so that tests can stand in for it. */
export interface Io {
  /** Writes to standard output: text in UTF-8, or the bytes themselves. */
  readonly out: (data: string | Uint8Array) => void;
  /** Writes to standard error. */
  readonly err: (text: string) => void;
  /** Width of the terminal that standard output is; `undefined` where it is none. */
  readonly columns: number | undefined;
  /** Whether standard error is a terminal: only then is there colour. */
  readonly colour: boolean;
  /** Height of the terminal that standard output is; `undefined` where it is none. */
  readonly rows?: (() => number | undefined) | undefined;
  /** Calls a function when the command is to end (Ctrl-C, SIGTERM); what is returned takes it away again. */
  readonly onInterrupt?: ((end: () => void) => () => void) | undefined;
  /** Calls a function with each key, where standard input is a terminal; what is returned takes it away again. */
  readonly onKey?: ((press: (key: string) => void) => () => void) | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How the command ended; set by the command. */
  exitCode: ExitCode;
}
