import type { IssueLog } from '../../issue-log';
import type { KeyFileGroup } from '../../key-file/key-file';
import type { KeyGeneration } from '../../schema/schema';
import type { TypedValue } from '../kernel-info-builder';
import type { Machine } from '../machine';

/** A section that has been read, to be checked against itself. */
export interface ReadSection {
  readonly group: KeyFileGroup;
  readonly values: ReadonlyMap<string, TypedValue>;
  /** The keys whose values could not be read; they are named already, and do not count as missing. */
  readonly wrong: ReadonlySet<string>;
  readonly generation: KeyGeneration;
  readonly machine: Machine;
  readonly issues: IssueLog;
}
