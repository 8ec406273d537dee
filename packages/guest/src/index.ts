export type { KernelRoot } from '@osi-linux/symbols';
export { diffGuests } from './compare/diff-guests';
export {
  type ExportDumpOptions,
  type ExportedDump,
  type ExportedPages,
  exportDump,
} from './export/export-dump';
export { RecordingMemory, readAllListings } from './export/touched-pages';
export {
  type Guest,
  type GuestBlobOptions,
  type GuestBytesOptions,
  type GuestDisposal,
  openGuest,
  openGuestBlob,
  openGuestBytes,
} from './guest';
export { type Identity, identifyGuest } from './identity';
export { deriveFileSection, type FileSectionOptions } from './kernel-file/derived-file-section';
export { type DerivedSection, deriveSection } from './kernel-file/derived-section';
export type { KernelFile } from './kernel-file/kernel-file';
export { findKernelFileKind, KERNEL_FILE_HEAD, type KernelFileKind } from './kernel-file/kernel-file-kind';
export type { Breakpoints } from './live/breakpoints';
export type { GuestStop, RunControl } from './live/run-control';
export { GuestSampler } from './live/sampler';
export { GuestWatch, type GuestWatchOptions } from './live/watch';
export { readLogByVmcoreinfo } from './log-by-vmcoreinfo';
export type { ProfileChoice } from './profile/choice';
export type { ProfileNames } from './profile/names';
export type { ProfileSource } from './profile/source';
