import {
  diffSnapshots,
  type LinuxDifference,
  type SnapshotSelection,
  takeSnapshot,
} from '@osi-linux/osi-linux';
import type { Guest } from '../guest';

/**
 * The rows that were added, removed or changed between two dumps of a guest. Of a live guest take two
 * snapshots, as there is only one of it.
 *
 * @throws OsiError as `takeSnapshot`.
 *
 * @example
 * ```ts
 * declare const guest: Guest;
 * diffGuests(guest, guest, { kinds: ['process', 'file'] }).changes // => []
 * ```
 */
export function diffGuests(before: Guest, after: Guest, selection: SnapshotSelection = {}): LinuxDifference {
  return diffSnapshots(takeSnapshot(before.linux, selection), takeSnapshot(after.linux, selection));
}
