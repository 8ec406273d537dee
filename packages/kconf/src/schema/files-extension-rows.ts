import type { SchemaRow } from './schema-row';

/** Open files: keys of this project. */
export const FILES_EXTENSION_ROWS = [
  {
    key: 'files.count_offset',
    kind: 'offset',
    member: 'int',
    expression: 'files_struct.count',
    doc: 'How many tasks share the open files; never 0.',
  },
  {
    key: 'fs.max_fds_offset',
    kind: 'offset',
    member: 'int',
    expression: 'fdtable.max_fds',
    doc: 'How many descriptors the table has room for.',
  },
  {
    key: 'fs.open_fds_offset',
    kind: 'offset',
    expression: 'fdtable.open_fds',
    doc: 'Bit mask of the descriptors in use, also of those that are only reserved.',
  },
  {
    key: 'fs.close_on_exec_offset',
    kind: 'offset',
    expression: 'fdtable.close_on_exec',
    doc: 'Bit mask of the descriptors that execve closes.',
  },
  {
    key: 'fs.f_flags_offset',
    kind: 'offset',
    member: 'int',
    expression: 'file.f_flags',
    doc: 'O_RDWR and the other flags of open().',
  },
  {
    key: 'fs.f_mode_offset',
    kind: 'offset',
    member: 'int',
    expression: 'file.f_mode',
    doc: "FMODE_READ and the kernel's other marks.",
  },
  {
    key: 'fs.f_count_offset',
    kind: 'offset',
    expression: 'file.f_count',
    alternatives: ['file.f_ref'],
    doc: 'How many hold the open file. Linux commit 90ee6ed776c0 ("fs: port files to file_ref") (in v6.13) made it `f_ref`, which counts from 0.',
  },
  {
    key: 'fs.f_inode_offset',
    kind: 'offset',
    expression: 'file.f_inode',
    doc: 'The inode of an open file.',
  },
  {
    key: 'fs.f_op_offset',
    kind: 'offset',
    expression: 'file.f_op',
    doc: 'Operations of an open file; never null.',
  },
  {
    key: 'fs.private_data_offset',
    kind: 'offset',
    expression: 'file.private_data',
    doc: "Private data of the file's driver; for a socket, its `struct socket`.",
  },
  {
    key: 'fs.FMODE_BACKING',
    kind: 'constant',
    expression: 'FMODE_BACKING',
    doc: 'The bit of `file.f_mode` that marks a file behind another one, as overlayfs opens them.',
  },
  {
    key: 'fs.user_path_mnt_offset',
    kind: 'offset',
    expression: 'backing_file.user_path.mnt',
    doc: 'The path that a file behind another one was opened by: its mount. Linux commit def3ae83da02 ("fs: store real path instead of fake path in backing file f_path") (in v6.7).',
  },
  {
    key: 'fs.user_path_dentry_offset',
    kind: 'offset',
    expression: 'backing_file.user_path.dentry',
    doc: 'The path that a file behind another one was opened by: its directory entry.',
  },
] as const satisfies readonly SchemaRow[];
