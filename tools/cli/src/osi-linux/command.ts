import type { Finding, Skipped } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { JsonRow } from '../output/json-value';
import type { Column } from '../output/print-rows';

/** The options that every listing takes beside those of settings. */
export interface ListingOptions {
  /** Only these processes; all where empty. */
  readonly pids: readonly number[];
  /** Only this processor. */
  readonly cpu: number | undefined;
  /** Whether threads that have a table of their own get rows too. */
  readonly threads: boolean;
  /** Whether paths are as each process itself sees them. */
  readonly ownRoot: boolean;
}

/** The answer of a listing. */
export interface ListingAnswer {
  readonly rows: readonly JsonRow[];
  readonly skipped: readonly Skipped[];
  /** What was noticed about rows that are complete; nothing if absent. */
  readonly findings?: readonly Finding[];
}

/** A command that prints rows about a guest. */
export interface ListingCommand {
  readonly name: string;
  readonly summary: string;
  readonly columns: readonly Column[];
  /** The effect of `--threads` on this command; it has no such option if absent. */
  readonly threadsHelp?: string;
  /** Whether it lists paths, and so has the option `--own-root`. */
  readonly tellsPaths?: true;
  readonly list: (guest: Guest, options: ListingOptions) => ListingAnswer;
  /** The listing of a dump without a profile. */
  readonly listWithoutProfile?: (dump: Guest['dump']) => ListingAnswer;
}
