export { Osi } from './osi';
export type { OsiProvider } from './osi-provider';
export type { OsiProc, OsiProcHandle, OsiThread } from './osi-types';
