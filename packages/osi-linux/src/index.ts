export type { LinuxCurrent, LinuxProcess, LinuxThread } from './linux-types';
export { OsiLinux, type OsiLinuxOptions } from './osi-linux';
