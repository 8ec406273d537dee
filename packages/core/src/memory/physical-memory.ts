import type { PhysicalAddress } from '../address/index';
import type { OsiError } from '../errors/index';

/** 4096 bytes of guest memory, as a live view: valid until the guest runs on or the source is closed. */
export interface Page {
  /** The bytes; always 4096. Not to be written to. */
  readonly bytes: Uint8Array;
  /** The same bytes, for reading integers. */
  readonly view: DataView;
}

/** A run of guest-physical memory that the source holds, in bytes. */
export interface PhysicalRange {
  /** First byte. */
  readonly start: PhysicalAddress;
  /** First byte after it. */
  readonly end: PhysicalAddress;
}

/** A run of the bytes of a page, where the source holds only a part of the page. */
export interface PagePart {
  /** Offset of the first byte in the page. */
  readonly start: number;
  /** The bytes. Not to be written to. */
  readonly bytes: Uint8Array;
}

/** Guest-physical memory, read synchronously in whole page frames. */
export interface PhysicalMemory {
  /** The ranges that are there, ascending, not overlapping. */
  readonly ranges: readonly PhysicalRange[];

  /**
   * The parts of {@link ranges} outside of which every byte is known to be zero: those that a sparse file has on the
   * disk. A search may leave out the rest; absent if nothing is known.
   */
  readonly occupied?: readonly PhysicalRange[] | undefined;

  /** The page with this frame number (physical address / 4096), or `undefined` if the source has a hole. */
  page(frame: number): Page | undefined;

  /** Why {@link page} returns `undefined` for the page with this frame number: never dumped, file truncated ... */
  hole(frame: number): OsiError;

  /**
   * The bytes of a page that {@link page} does not give because the source holds only a part of it, ascending; empty if it
   * holds none. Absent if a source holds whole pages alone.
   */
  parts?(frame: number): readonly PagePart[];

  /**
   * Copies bytes for a sequential scan, past any cache; returns how many were copied before the first hole.
   */
  scan(address: PhysicalAddress, into: Uint8Array): number;
}
