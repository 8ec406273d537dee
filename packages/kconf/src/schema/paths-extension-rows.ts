import type { SchemaRow } from './schema-row';

/** Directory entries and inodes: keys of this project. */
export const PATHS_EXTENSION_ROWS = [
  {
    key: 'qstr.len_offset',
    kind: 'offset',
    member: 'int',
    expression: 'qstr.len',
    doc: 'Length of a name in bytes.',
  },
  {
    key: 'path.d_flags_offset',
    kind: 'offset',
    member: 'int',
    expression: 'dentry.d_flags',
    doc: 'Marks of the directory entry.',
  },
  {
    key: 'path.d_hash_pprev_offset',
    kind: 'offset',
    expression: 'dentry.d_hash.pprev',
    doc: 'Null once the entry has left the folder: the file was deleted.',
  },
  {
    key: 'path.DCACHE_UNHASHED',
    kind: 'constant',
    expression: 'DCACHE_UNHASHED',
    doc: 'The bit of `dentry.d_flags` that shows the same before Linux commit dea3667bc3c2 ("vfs: get rid of insane dentry hashing rules") (in v2.6.39), where it decides.',
  },
  {
    key: 'path.d_inode_offset',
    kind: 'offset',
    expression: 'dentry.d_inode',
    doc: 'The inode of the directory entry.',
  },
  {
    key: 'path.d_sb_offset',
    kind: 'offset',
    expression: 'dentry.d_sb',
    doc: 'The file system of the directory entry.',
  },
  {
    key: 'path.d_fsdata_offset',
    kind: 'offset',
    expression: 'dentry.d_fsdata',
    doc: 'Private data of the file system for a directory entry; for memory shared between devices, the dma_buf.',
  },
  {
    key: 'dma_buf.name_offset',
    kind: 'offset',
    expression: 'dma_buf.name',
    doc: 'Name that a process gave to memory shared between devices, a C string; null where none did.',
  },
  {
    key: 'path.d_count_offset',
    kind: 'offset',
    member: 'int',
    expression: 'dentry.d_lockref.count',
    doc: 'How many hold the directory entry; negative once it is dead.',
  },
  {
    key: 'inode.i_mode_offset',
    kind: 'offset',
    member: 'bytes',
    expression: 'inode.i_mode',
    doc: 'Type and permissions, 2 bytes.',
  },
  {
    key: 'inode.i_sb_offset',
    kind: 'offset',
    expression: 'inode.i_sb',
    doc: 'The file system of the inode.',
  },
  {
    key: 'inode.i_ino_offset',
    kind: 'offset',
    expression: 'inode.i_ino',
    doc: 'Number of the inode.',
  },
  {
    key: 'inode.i_private_offset',
    kind: 'offset',
    expression: 'inode.i_private',
    doc: 'Private data of the file system for an inode; in nsfs, the namespace.',
  },
  {
    key: 'ns_common.ops_offset',
    kind: 'offset',
    expression: 'ns_common.ops',
    doc: 'Operations of a namespace.',
  },
  {
    key: 'proc_ns_operations.name_offset',
    kind: 'offset',
    expression: 'proc_ns_operations.name',
    doc: 'Kind of a namespace, a C string: `mnt`, `net`.',
  },
] as const satisfies readonly SchemaRow[];
