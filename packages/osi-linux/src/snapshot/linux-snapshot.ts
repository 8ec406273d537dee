import { createListing, type Listing, OsiError, type Subject } from '@osi-linux/core';
import type { OsiLinux } from '../osi-linux';
import type { LinuxFile } from '../rows/file-row';
import type { LinuxProcess, LinuxThread } from '../rows/linux-types';
import type { LinuxLogRecord } from '../rows/log-row';
import type { LinuxMapping } from '../rows/mapping-row';
import type { LinuxModule } from '../rows/module-row';
import type { LinuxMount } from '../rows/mount-row';
import type { LinuxSocket } from '../rows/socket-row';

/** The rows of each kind that a snapshot may have. */
export interface SnapshotRows {
  /** The processes. */
  readonly process: LinuxProcess;
  /** Their threads. */
  readonly thread: LinuxThread;
  /** The loaded modules of the kernel. */
  readonly module: LinuxModule;
  /** The mappings of the processes. */
  readonly mapping: LinuxMapping;
  /** The files that they have open. */
  readonly file: LinuxFile;
  /** The sockets among these. */
  readonly socket: LinuxSocket;
  /** The mounts that pid 1 can reach, or the selected processes. */
  readonly mount: LinuxMount;
  /** The records of the kernel log. */
  readonly log: LinuxLogRecord;
}

/** A kind of rows: `process`, `thread`, `module`, `mapping`, `file`, `socket`, `mount` or `log`. */
export type SnapshotKind = keyof SnapshotRows;

/** The kinds and processes that a snapshot is taken of. */
export interface SnapshotSelection {
  /** Only these kinds; all where absent or empty; without those of no process if processes are named. */
  readonly kinds?: readonly SnapshotKind[] | undefined;
  /** Only these processes; all where absent or empty. */
  readonly pids?: readonly number[] | undefined;
}

/** The state of a guest at one moment, as rows that stay as they are while it runs on. */
export interface LinuxSnapshot {
  /** Every process, also those that were not selected: they show whose the other rows are. */
  readonly processes: Listing<LinuxProcess>;
  /** The listings that were selected. */
  readonly listings: { readonly [Kind in SnapshotKind]?: Listing<SnapshotRows[Kind]> };
}

type Lister<Kind extends SnapshotKind> = (
  linux: OsiLinux,
  pids: readonly number[],
) => Listing<SnapshotRows[Kind]>;

const LISTERS: { readonly [Kind in SnapshotKind]: Lister<Kind> } = {
  process: (linux, pids) => keepPids(linux.getProcesses(), pids),
  thread: (linux, pids) => keepPids(linux.getThreads(), pids),
  module: (linux) => linux.getModules(),
  mapping: (linux, pids) => linux.getMappings({ pids }),
  file: (linux, pids) => linux.getFiles({ pids }),
  socket: (linux, pids) => linux.getSockets({ pids }),
  mount: (linux, pids) => readMounts(linux, pids),
  log: (linux) => linux.getLog(),
};

const INIT_PID = 1;
/** The kinds whose rows belong to no process. */
export const KINDS_WITHOUT_PROCESS: ReadonlySet<SnapshotKind> = new Set(['module', 'mount', 'log']);

/** Every kind that there is, in the order in which differences are listed. */
export const SNAPSHOT_KINDS = Object.keys(LISTERS) as readonly SnapshotKind[];

/**
 * Reads the state of a guest at this moment. A live guest must stand still meanwhile.
 *
 * @throws OsiError `SNAPSHOT_KIND_UNKNOWN`; `PROFILE_KEY_MISSING` where the profile does not tell how the kernel orders
 * mappings.
 *
 * @example
 * ```ts
 * declare const guest: Guest;
 * const { listings } = takeSnapshot(guest.linux, { kinds: ['process', 'module'], pids: [1] });
 * listings.process.map(({ name }) => name) // => ['init']
 * takeSnapshot(guest.linux, { kinds: ['window'] }) // throws SNAPSHOT_KIND_UNKNOWN
 * ```
 */
export function takeSnapshot(linux: OsiLinux, { kinds, pids = [] }: SnapshotSelection = {}): LinuxSnapshot {
  const listings: { [kind: string]: Listing<SnapshotRows[SnapshotKind]> } = {};
  for (const kind of selectKinds(kinds ?? [], pids)) listings[kind] = LISTERS[kind](linux, pids);
  return { processes: linux.getProcesses(), listings: listings as LinuxSnapshot['listings'] };
}

function selectKinds(kinds: readonly SnapshotKind[], pids: readonly number[]): readonly SnapshotKind[] {
  const unknown = kinds.find((kind) => !SNAPSHOT_KINDS.includes(kind));
  if (unknown !== undefined)
    throw new OsiError('SNAPSHOT_KIND_UNKNOWN', `not a kind of rows: ${JSON.stringify(unknown)}`, {
      hint: `choose one of ${SNAPSHOT_KINDS.join(', ')}`,
      fields: { kind: unknown, known: SNAPSHOT_KINDS },
    });
  if (kinds.length > 0) return SNAPSHOT_KINDS.filter((kind) => kinds.includes(kind));
  return pids.length === 0
    ? SNAPSHOT_KINDS
    : SNAPSHOT_KINDS.filter((kind) => !KINDS_WITHOUT_PROCESS.has(kind));
}

/** The mounts of each process that exists at this moment; the others have none. */
function readMounts(linux: OsiLinux, pids: readonly number[]): Listing<LinuxMount> {
  if (pids.length === 0) return linux.getMounts(INIT_PID);
  const known = new Set(linux.getProcesses().map(({ pid }) => pid));
  const listings = pids.filter((pid) => known.has(pid)).map((pid) => linux.getMounts(pid));
  return createListing(
    listings.flatMap((listing) => [...listing]),
    listings.flatMap(({ skipped }) => skipped),
  );
}

function keepPids<Row extends { readonly pid: number | null }>(
  listing: Listing<Row>,
  pids: readonly number[],
): Listing<Row> {
  if (pids.length === 0) return listing;
  const rows = listing.filter(({ pid }) => pid !== null && pids.includes(pid));
  const concerns = ({ pid }: Subject) => pid === undefined || pids.includes(pid);
  return createListing(
    rows,
    listing.skipped.filter(({ subject }) => concerns(subject)),
  );
}
