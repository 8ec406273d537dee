import { formatSubject, OsiError, type Skipped } from '@osi-linux/core';
import { type Guest, readAllListings } from '@osi-linux/guest';
import { otherMountViews } from '../truth/compare/compare-mounts';
import type { GuestTruth } from '../truth/guest-truth';
import { findUnanswerableFields, isUnanswerable } from '../truth/unanswerable-fields';

/** Why a field of a sound dump may have no answer, where nobody asked the guest which ones those are. */
const NO_FAULT_OF_THE_DUMP: ReadonlySet<string> = new Set(['PAGE_NOT_PRESENT']);

/**
 * Runs the same reads as the commands, so that their pages are read.
 *
 * @throws OsiError `RECORDING_INCOMPLETE` where a listing cannot be read whole, but for what the guest itself could not
 * answer.
 */
export function touchListings(guest: Guest, truth: GuestTruth | undefined): void {
  const views = truth === undefined ? [] : otherMountViews(truth);
  const skipped = [
    ...readAllListings(guest),
    ...views.flatMap((pid): readonly Skipped[] => guest.linux.getMounts(pid).skipped),
  ];
  const [first] = skipped.filter((record) => !isExcused(record, truth));
  if (first !== undefined) {
    throw new OsiError(
      'RECORDING_INCOMPLETE',
      `the dump cannot be read whole: ${formatSubject(first.subject)}`,
      {
        hint: "record from a sound dump that has registers, as QEMU's dump-guest-memory writes it",
        cause: first.reason,
      },
    );
  }
}

function isExcused({ subject, reason }: Skipped, truth: GuestTruth | undefined): boolean {
  if (truth === undefined) return NO_FAULT_OF_THE_DUMP.has(reason.code);
  const known = (['ps', 'files', 'env'] as const).map((listing) => findUnanswerableFields(truth, listing));
  return known
    .flatMap(({ always, perhaps }) => [...always, ...perhaps])
    .some((field) => isUnanswerable(subject, field));
}
