import { compareDmesg } from './compare/compare-dmesg';
import { compareEnv } from './compare/compare-env';
import { compareFiles } from './compare/compare-files';
import { compareMaps } from './compare/compare-maps';
import { compareModules } from './compare/compare-modules';
import { compareMounts, otherMountViews } from './compare/compare-mounts';
import { compareProcesses } from './compare/compare-processes';
import { compareSockets } from './compare/compare-sockets';
import { compareThreads } from './compare/compare-threads';
import { countTruthRows } from './compare/count-truth-rows';
import type { GuestTruth } from './guest-truth';
import type { Row } from './internal/difference';
import { findUnanswerableFields, type UnanswerableFields } from './unanswerable-fields';

/** A command of `osi-linux` and what its rows must be. */
export interface TruthCheck {
  /** The command and its options: `maps --threads`. */
  readonly command: string;
  /** A sentence for each difference; those that are known are put into `passed`. */
  readonly compare: (rows: readonly Row[], passed: string[]) => string[];
  /** Which fields must be null with a reason. */
  readonly unanswerable: UnanswerableFields;
}

/**
 * Every check that a truth is good for, `current` left out: `/proc` does not show the code on the processors.
 *
 * @example
 * ```ts
 * const checks = truthChecks({ processes: [], unsettled: [], tasks: [], cpus: [] });
 * checks.map(({ command }) => command) // => ['ps', 'threads']
 * ```
 */
export function truthChecks(truth: GuestTruth): TruthCheck[] {
  const none = { always: [], perhaps: [], long: [] };
  const gaps = (listing: 'ps' | 'files' | 'env') => findUnanswerableFields(truth, listing);
  const checks: [string, (rows: readonly Row[], passed: string[]) => string[], UnanswerableFields?][] = [
    ['ps', (rows) => compareProcesses(truth, rows), gaps('ps')],
    ['threads', (rows) => compareThreads(truth, rows)],
    ['maps', (rows, passed) => compareMaps(truth, rows, { passed })],
    ['maps --threads', (rows, passed) => compareMaps(truth, rows, { passed, threads: true })],
    ['files', (rows, passed) => compareFiles(truth, rows, { passed }), gaps('files')],
    [
      'files --threads',
      (rows, passed) => compareFiles(truth, rows, { passed, threads: true }),
      gaps('files'),
    ],
    ['modules', (rows) => compareModules(truth, rows)],
    ['mounts', (rows) => compareMounts(truth, rows)],
    ...otherMountViews(truth).map((pid): [string, (rows: readonly Row[]) => string[]] => [
      `mounts --pid ${pid}`,
      (rows) => compareMounts(truth, rows, { pid }),
    ]),
    ['env', (rows, passed) => compareEnv(truth, rows, { passed }), gaps('env')],
    ['sockets', (rows, passed) => compareSockets(truth, rows, { passed })],
    ['dmesg', (rows, passed) => compareDmesg(truth, rows, { passed })],
  ];
  return checks
    .filter(([command]) => isAnswered(truth, command))
    .map(([command, compare, unanswerable = none]) => ({ command, compare, unanswerable }));
}

const LISTINGS = ['maps', 'files', 'modules', 'mounts', 'env', 'sockets', 'dmesg'] as const;

function isAnswered(truth: GuestTruth, command: string): boolean {
  const listing = LISTINGS.find((name) => command.startsWith(name));
  return listing === undefined || countTruthRows(truth, listing) !== undefined;
}
