export { Dentry } from './fs/dentry';
export { readDentryPath } from './fs/dentry-path';
export { eachOpenFile, type FileDescriptor, findOpenFile } from './fs/file-table';
export { FsStruct } from './fs/fs-struct';
export { Inode } from './fs/inode';
export { Mount } from './fs/mount';
export { eachMount } from './fs/mount-tree';
export { OpenFile } from './fs/open-file';
export { type Path, PathReader } from './fs/path';
export type { PathText } from './fs/path-text';
export { findReaderRoot } from './fs/reader-root';
export { SuperBlock } from './fs/super-block';
export { type Kernel, type KeyOf, requireKey } from './kernel/kernel';
export {
  findCpu,
  findCurrentTask,
  findStartedCpus,
  isCpuOnline,
  readOnlineCpus,
  readPerCpuOffset,
} from './kernel/per-cpu';
export { StructView } from './kernel/struct-view';
export { readUtsname, type Utsname } from './kernel/utsname';
export { eachListEntry, type ListHead } from './lib/list-head';
export { eachMapleEntry, type MapleEntry } from './lib/maple-tree';
export { readCommandLine } from './mm/command-line';
export { ContestedMemory } from './mm/contested-memory';
export { readEnvironment } from './mm/environment';
export { LinearMapMemory } from './mm/linear-map';
export { Mm } from './mm/mm';
export { readStackGuardSize } from './mm/stack-guard';
export { ThreadStacks } from './mm/thread-stacks';
export { Vma } from './mm/vma';
export { eachVma, findVmaOrder } from './mm/vma-list';
export { VmaNames } from './mm/vma-name';
export { Module } from './module/module';
export { eachKsetModule, findModuleKset } from './module/module-kset';
export { eachModule } from './module/module-list';
export { findSocket, Socket } from './net/socket';
export { eachLogRecord } from './printk/kernel-log';
export type { LogRecord } from './printk/log-record';
export { Cred } from './task/cred';
export { readTitle } from './task/kernel-thread-title';
export { eachTaskWithId, hasPidTable, type PidTableName, pidTableName } from './task/pid-table';
export { ProcessReader, type ProcessRecord } from './task/process-reader';
export { Task } from './task/task';
export { eachProcess, findInitTask } from './task/task-list';
export { eachThread } from './task/thread-list';
