import type { PhysicalAddress } from '@osi-linux/core';

/**
 * The state of a page whose entry is not present:
 *
 * - `unmapped`: nothing was ever there, or it was unmapped again
 * - `prot-none`: in memory; the operating system lets nobody use it
 * - `splitting`: a large page in memory that is about to be mapped in smaller ones
 * - `swapped`: in a swap file
 * - `migration`: in memory, about to be moved elsewhere
 * - `poisoned`: in memory that the hardware reports as broken
 * - `device`: in the memory of a device
 * - `special`: one of the last three, and the kernel's numbering of them is not known
 * - `marker`: no page, but a note of the operating system, such as a guard region
 * - `withheld`: the kernel keeps it out of its own map: a guard page, or memory that it gave back
 * - `unknown`: bits without a known meaning at this level
 */
export type NonPresentKind =
  | 'unmapped'
  | 'prot-none'
  | 'splitting'
  | 'swapped'
  | 'migration'
  | 'poisoned'
  | 'device'
  | 'special'
  | 'marker'
  | 'withheld'
  | 'unknown';

/** The meaning that an operating system gives to an entry that the processor takes for not present. */
export interface NonPresentEntry {
  /** The state of the page. */
  readonly kind: NonPresentKind;
  /** The same for people, half a sentence. */
  readonly meaning: string;
  /** Physical address behind the virtual one, where the page is still in memory. */
  readonly physical?: PhysicalAddress;
  /** Where the page is, of an entry of the swap's layout. */
  readonly swap?: {
    /** Number of the swap file, or of a special kind of entry. */
    readonly type: number;
    /** Number of the page in the swap file. */
    readonly offset: number;
  };
}
