export type { HiddenModule, HiddenThread, LinuxHidden } from './cross-view';
export type { LinuxEnvironment } from './environment-row';
export type { FileSelection, LinuxFile } from './file-row';
export { diffSnapshots, type LinuxChange, type LinuxDifference } from './linux-difference';
export {
  type LinuxSnapshot,
  SNAPSHOT_KINDS,
  type SnapshotKind,
  type SnapshotRows,
  type SnapshotSelection,
  takeSnapshot,
} from './linux-snapshot';
export type { LinuxCurrent, LinuxProcess, LinuxThread } from './linux-types';
export type { LinuxLogRecord } from './log-row';
export type { LinuxMapping, MappingSelection } from './mapping-row';
export type { LinuxModule } from './module-row';
export type { LinuxMount } from './mount-row';
export { OsiLinux, type OsiLinuxOptions } from './osi-linux';
export { type PluginArguments, type PluginOptions, parsePluginArguments } from './plugin-arguments';
export type { ProcessSelection } from './process-selection';
export type { PathSelection } from './reader-paths';
export type { LinuxSocket } from './socket-row';
