export { type KernelFileOptions, openKernelFile } from './kernel-file-source';
export { type FoundKeyFile, findKeyFile, keyFilePlaces, readKeyFile } from './key-file-search';
export { type DumpFileOptions, type GuestFileOptions, openDumpFile, openGuestFile } from './open-guest-file';
export type { SearchProgress } from './searched-source';
