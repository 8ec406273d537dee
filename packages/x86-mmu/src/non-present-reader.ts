import type { NonPresentEntry } from './non-present-entry';
import type { FaultedWalk } from './page-walk';
import type { PagingForm } from './paging-form';

/** Reads the entry at which a walk found a page not present, as one operating system writes them. */
export type NonPresentReader = (form: PagingForm, fault: FaultedWalk) => NonPresentEntry;
