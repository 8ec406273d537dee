import type { Skipped } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { JsonRow } from '../output/json-value';
import type { Column } from '../output/print-rows';

/** The options that every listing takes beside those of settings. */
export interface ListingOptions {
  /** Only these processes; all where empty. */
  readonly pids: readonly number[];
  /** Only this processor. */
  readonly cpu: number | undefined;
}

/** What a listing answers. */
export interface ListingAnswer {
  readonly rows: readonly JsonRow[];
  readonly skipped: readonly Skipped[];
}

/** A command that prints rows about a guest. */
export interface ListingCommand {
  readonly name: string;
  readonly summary: string;
  readonly columns: readonly Column[];
  readonly list: (guest: Guest, options: ListingOptions) => ListingAnswer;
}
