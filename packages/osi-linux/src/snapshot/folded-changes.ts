import type { LinuxChange } from './linux-difference';
import type { SnapshotKind } from './linux-snapshot';

/** A change, and of a process that came or went the number of its own rows that came or went with it, by kind. */
export type FoldedChange = LinuxChange & {
  /** How many rows of each kind are left out because they are of this process; absent for every other change. */
  readonly folded?: Readonly<Partial<Record<SnapshotKind, number>>>;
};

/**
 * Leaves out the threads, mappings, files and sockets of processes that came or went, and counts them in the row of
 * their process. Without rows of processes, nothing is left out.
 *
 * @example
 * ```ts
 * declare const guest: Guest;
 * const before = takeSnapshot(guest.linux, { kinds: ['process', 'thread'] });
 * const { thread } = before.listings;
 * const listings = { process: createListing(before.listings.process.filter(({ pid }) => pid !== 2), []) };
 * const without = { ...before, listings: { ...listings, thread: createListing(thread.filter(({ pid }) => pid !== 2), []) } };
 * const { changes } = diffSnapshots(before, without);
 * [changes.length, foldChanges(changes).map(({ folded }) => folded)] // => [2, [{ thread: 1 }]]
 * ```
 */
export function foldChanges(changes: readonly LinuxChange[]): readonly FoldedChange[] {
  const counts = new Map<string, Partial<Record<SnapshotKind, number>>>();
  for (const change of changes)
    if (change.kind === 'process' && change.change !== 'changed') counts.set(processOf(change), {});
  const kept = changes.filter((change) => {
    const count = change.kind === 'process' ? undefined : counts.get(processOf(change));
    if (count !== undefined) count[change.kind] = (count[change.kind] ?? 0) + 1;
    return count === undefined;
  });
  return kept.map((change) => {
    const folded = change.kind === 'process' ? counts.get(processOf(change)) : undefined;
    return folded === undefined ? change : { ...change, folded };
  });
}

/** Which process came or went: its pid may be that of another one at the other moment. */
function processOf({ change, row }: LinuxChange): string {
  return `${change} ${'pid' in row ? row.pid : 'none'}`;
}
