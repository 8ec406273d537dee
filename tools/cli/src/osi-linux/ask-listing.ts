import { OsiError } from '@osi-linux/core';
import type { Settings } from '../settings/settings';
import type { Io } from '../terminal/io';
import type { ListingAnswer, ListingCommand, ListingOptions } from './command';
import type { SourceAnswer } from './live-source';
import { askSource, askSourceDump } from './source';

/** Errors that mean a missing profile, and not that a named one is wrong. */
const NO_PROFILE: ReadonlySet<string> = new Set(['PROFILE_FILE_MISSING', 'PROFILE_NONE_FITS']);

/**
 * Asks the guest that SOURCE names for a listing; one that can be made without a profile is made so where none fits.
 *
 * @throws OsiError why it cannot be asked.
 */
export async function askListing(
  listing: ListingCommand,
  source: string,
  settings: Settings,
  io: Io,
  options: ListingOptions,
): Promise<SourceAnswer<ListingAnswer>> {
  try {
    return await askSource(source, settings, io, (guest) => listing.list(guest, options));
  } catch (error) {
    if (!OsiError.is(error) || !NO_PROFILE.has(error.code)) throw error;
    return askWithoutProfile(error, listing, source, settings, io);
  }
}

async function askWithoutProfile(
  error: OsiError,
  { listWithoutProfile }: ListingCommand,
  source: string,
  settings: Settings,
  io: Io,
): Promise<SourceAnswer<ListingAnswer>> {
  if (listWithoutProfile === undefined) throw error;
  try {
    return await askSourceDump(source, settings, io, listWithoutProfile);
  } catch (second) {
    // The missing profile is the obstacle.
    throw OsiError.is(second) ? error : second;
  }
}
