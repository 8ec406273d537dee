import type { Skipped } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';

type Linux = Guest['linux'];

/** A row of any listing. */
export type Row = Readonly<Record<string, unknown>>;

/** The answer of a listing. */
export interface Answered {
  readonly rows: readonly Row[];
  readonly skipped: readonly Skipped[];
}

/** One of the listings, as the damage test sees it. */
export interface DamagedListing {
  readonly name: string;
  readonly read: (linux: Linux) => Answered;
  /** The name of a row for as long as the guest stands still. */
  readonly key: (row: Row) => string;
  /**
   * Further names, where the first one is made of fields that no address stands behind: a row that has only one of
   * these is a known row with a changed field.
   */
  readonly aliases?: (row: Row) => readonly string[];
  /** Whether its rows are what others lack, so that there are more of them where something is missing. */
  readonly isOfGaps?: true;
}

const rows = (listing: readonly object[] & { readonly skipped: readonly Skipped[] }): Answered => ({
  rows: listing as readonly Row[],
  skipped: listing.skipped,
});

const address = (row: Row, field: string) => String(row[field]);

/** Every listing of a Linux guest. */
export const DAMAGED_LISTINGS: readonly DamagedListing[] = [
  { name: 'ps', read: (linux) => rows(linux.getProcesses()), key: (row) => address(row, 'taskd') },
  { name: 'threads', read: (linux) => rows(linux.getThreads()), key: (row) => address(row, 'taskd') },
  { name: 'current', read: (linux) => rows(linux.getCurrent()), key: ({ cpu }) => String(cpu) },
  {
    name: 'maps',
    read: (linux) => rows(linux.getMappings()),
    key: ({ pid, modd }) => `${String(pid)} ${String(modd)}`,
  },
  {
    name: 'files',
    read: (linux) => rows(linux.getFiles()),
    key: ({ pid, fd }) => `${String(pid)} ${String(fd)}`,
  },
  { name: 'env', read: (linux) => rows(linux.getEnvironments()), key: ({ pid }) => String(pid) },
  {
    name: 'sockets',
    read: (linux) => rows(linux.getSockets()),
    key: ({ pid, fd }) => `${String(pid)} ${String(fd)}`,
  },
  {
    name: 'mounts',
    read: (linux) => rows(linux.getMounts()),
    key: ({ id }) => String(id),
    aliases: ({ mountpoint, root, source }) => [[mountpoint, root, source].map(String).join(' ')],
  },
  { name: 'modules', read: (linux) => rows(linux.getModules()), key: (row) => address(row, 'modd') },
  {
    name: 'dmesg',
    read: (linux) => rows(linux.getLog()),
    key: ({ time, text }) => `${String(time)} ${String(text)}`,
    aliases: ({ time, text }) => [`at ${String(time)}`, `says ${String(text)}`],
  },
  { name: 'hidden', read: readHidden, key: (row) => JSON.stringify(row, textOfBigint), isOfGaps: true },
];

function readHidden(linux: Linux): Answered {
  const { threads, modules, skipped } = linux.findHidden();
  return { rows: [...threads, ...modules] as unknown as readonly Row[], skipped };
}

function textOfBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

/** A value of a row as text that is equal where the value is. */
export function valueText(value: unknown): string {
  return JSON.stringify(value, textOfBigint) ?? 'undefined';
}
