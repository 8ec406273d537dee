import type { PhysicalAddress, VirtualAddress } from '@osi-linux/core';
import type { NonPresentKind } from '../non-present-entry';
import type { PageWalk } from '../page-walk';

/** The kinds of entries that are not present and whose page is still in memory, unchanged. */
const RESIDENT: ReadonlySet<NonPresentKind> = new Set(['prot-none', 'splitting', 'migration']);

/** The page that a walk did not reach because its entry is not present, if the page is still in memory. */
export function residentPage(
  walked: PageWalk,
): { readonly virtual: VirtualAddress; readonly physical: PhysicalAddress } | undefined {
  if (walked.fault !== 'not-present' || walked.nonPresent === undefined) return undefined;
  const { kind, physical } = walked.nonPresent;
  return physical === undefined || !RESIDENT.has(kind) ? undefined : { virtual: walked.virtual, physical };
}
