export { findKeyFile, keyFilePlaces, readKeyFile } from './key-file-search';
export { type GuestFileOptions, openDumpFile, openGuestFile } from './open-guest-file';
