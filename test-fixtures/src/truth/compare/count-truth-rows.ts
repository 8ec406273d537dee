import type { GuestTruth, TruthProcess } from '../guest-truth';
import { unasked } from '../internal/compare-tasks';
import type { TruthListing } from '../known-differences';
import { parseKernelLog } from '../proc/kernel-log';
import { parseProcModules } from '../proc/proc-modules';
import { parseMountInfo } from '../proc/proc-mount-info';
import type { TruthTree } from '../truth-tree';
import { expectEnvironment } from './compare-env';
import { expectFiles } from './compare-files';
import { expectMappings } from './compare-maps';
import { expectSockets, knownSockets } from './compare-sockets';

/**
 * How many rows of a listing the truth has an answer to; undefined if nobody asked the guest.
 *
 * @example
 * ```ts
 * countTruthRows({ processes: [], unsettled: [], tasks: [], cpus: [] }, 'maps') // => undefined
 * ```
 */
export function countTruthRows(truth: GuestTruth, listing: TruthListing): number | undefined {
  const { tree } = truth;
  if (tree === undefined) return undefined;
  const ofFile = (path: string, parse: (bytes: Uint8Array) => readonly unknown[]) => {
    const bytes = tree.bytes(path);
    return bytes === undefined ? undefined : parse(bytes).length;
  };
  if (listing === 'modules') return ofFile('/proc/modules', parseProcModules);
  if (listing === 'mounts') return ofFile('/proc/1/mountinfo', parseMountInfo);
  if (listing === 'dmesg') return ofFile('/dev/kmsg', parseKernelLog);
  return countTaskRows(truth, tree, listing);
}

type TaskListing = Exclude<TruthListing, 'modules' | 'mounts' | 'dmesg'>;

const SOURCES: Readonly<Record<TaskListing, string>> = {
  maps: 'maps',
  files: 'fd',
  env: 'environ',
  sockets: 'fd',
};

function countTaskRows(truth: GuestTruth, tree: TruthTree, listing: TaskListing): number | undefined {
  if (unasked(truth, SOURCES[listing]).length > 0) return undefined;
  const sockets = knownSockets(tree);
  const expect = {
    maps: expectMappings,
    files: expectFiles,
    env: expectEnvironment,
    sockets: (_: TruthTree, folder: string) => expectSockets(tree, folder, sockets),
  }[listing] as (tree: TruthTree, folder: string, process: TruthProcess) => readonly unknown[];
  return truth.processes.reduce(
    (sum, process) => sum + expect(tree, `/proc/${process.pid}`, process).length,
    0,
  );
}
