export { type SliceWatchOptions, watchSlices } from './slice-watch';
export type { V86Emulator } from './v86-emulator';
export { openV86, type V86Guest } from './v86-guest';
