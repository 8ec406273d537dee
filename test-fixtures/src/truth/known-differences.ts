/** A listing that is held against the guest's own answers, by the name of its command. */
export type TruthListing = 'maps' | 'files' | 'modules' | 'mounts' | 'env' | 'sockets' | 'dmesg';

/** Where a dump and the guest's own answers may differ, though both are right. */
export interface KnownDifference {
  readonly listing: TruthListing;
  /** Name of the processes that it is about; absent if it is about something else, which `reason` names. */
  readonly process?: string;
  readonly reason: string;
}

/** All of them. Everything else that differs is a fault. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    listing: 'maps',
    process: 'collector',
    reason: 'it writes down its own mappings first and reads on: its buffer grows meanwhile',
  },
  {
    listing: 'files',
    process: 'collector',
    reason: 'it opens and closes what it reads, and its output goes on',
  },
  {
    listing: 'files',
    reason:
      'O_CLOEXEC of descriptors, which the row shows: kernels without /proc/PID/ns print f_flags alone (fs/proc/base.c of Linux 2.6.32, line 1692)',
  },
  {
    listing: 'env',
    process: 'kworker',
    reason: 'kworkers come and go by themselves between the truth and the dump: up to two each',
  },
  {
    listing: 'env',
    reason:
      'strings on pages that the collector sends into the swap at its end: null where the kernel did it',
  },
  {
    listing: 'dmesg',
    reason: 'the kernel may print after the collector has read its log: later records are not known',
  },
  {
    listing: 'dmesg',
    reason:
      'where the log is full, what is printed while the collector reads it pushes out what it has read first',
  },
];

/** Whether the rows of the processes of this name are left out of the comparison of a listing. */
export function isLeftOut(listing: TruthListing, process: string): boolean {
  return KNOWN_DIFFERENCES.some((known) => known.listing === listing && known.process === process);
}
