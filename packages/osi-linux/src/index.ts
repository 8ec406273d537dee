export { type PluginArguments, type PluginOptions, parsePluginArguments } from './osi/plugin-arguments';
export { type LinuxTitles, OsiLinux, type OsiLinuxOptions } from './osi-linux';
export type { HiddenModule, HiddenThread, LinuxHidden } from './rows/cross-view';
export type { LinuxEnvironment } from './rows/environment-row';
export type { FileSelection, LinuxFile } from './rows/file-row';
export type { LinuxCurrent, LinuxProcess, LinuxThread } from './rows/linux-types';
export type { LinuxLogRecord } from './rows/log-row';
export type { LinuxMapping, MappingSelection } from './rows/mapping-row';
export type { LinuxModule } from './rows/module-row';
export type { LinuxMount } from './rows/mount-row';
export type { ProcessSelection } from './rows/process-selection';
export type { ProcessSelector } from './rows/process-selector';
export type { PathSelection } from './rows/reader-paths';
export type { LinuxSocket } from './rows/socket-row';
export type { TitledRow } from './rows/titles';
export { type FoldedChange, foldChanges } from './snapshot/folded-changes';
export { diffSnapshots, type LinuxChange, type LinuxDifference } from './snapshot/linux-difference';
export {
  type LinuxSnapshot,
  SNAPSHOT_KINDS,
  type SnapshotKind,
  type SnapshotRows,
  type SnapshotSelection,
  takeSnapshot,
} from './snapshot/linux-snapshot';
