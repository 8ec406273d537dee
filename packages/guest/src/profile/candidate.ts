import type { KeyFileGroup } from '@osi-linux/kconf';

/** A profile that may be of the kernel in a dump. */
export type Candidate = SectionCandidate | DerivedCandidate;

/** A section of a key file. */
export interface SectionCandidate {
  readonly kind: 'section';
  readonly group: KeyFileGroup;
  /** Where the section is: the key file, or a note of the dump itself. */
  readonly place: 'file' | 'note';
  /** Through which page tables it is tried: those that the dump or the section names, or that of a search of memory. */
  readonly roots: 'named' | 'searched';
}

/** The profile from the guest's own types and symbols. */
export interface DerivedCandidate {
  readonly kind: 'derived';
}
