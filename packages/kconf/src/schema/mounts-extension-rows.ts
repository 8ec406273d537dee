import type { SchemaRow } from './schema-row';

/** Mounts and file systems: keys of this project. */
export const MOUNTS_EXTENSION_ROWS = [
  {
    key: 'path.mnt_sb_offset',
    kind: 'offset',
    expression: 'vfsmount.mnt_sb',
    doc: 'The file system that is mounted.',
  },
  {
    key: 'mount.mnt_offset',
    kind: 'offset',
    member: 'struct',
    expression: 'mount.mnt',
    doc: 'The vfsmount inside of a `struct mount`, to whose start `mnt_parent` points. Linux commit 7d6fec45a513 ("vfs: start hiding vfsmount guts series") (in v3.3).',
  },
  {
    key: 'mount.mnt_mounts_offset',
    kind: 'offset',
    member: 'list',
    signed: true,
    expression: 'vfsmount.mnt_mounts',
    alternatives: ['mount.mnt_mounts - mount.mnt'],
    doc: 'Head of the list of the mounts on this one, counted from the vfsmount as all that is private to a mount.',
  },
  {
    key: 'mount.mnt_child_offset',
    kind: 'offset',
    member: 'list',
    signed: true,
    expression: 'vfsmount.mnt_child',
    alternatives: ['mount.mnt_child - mount.mnt'],
    doc: 'Links a mount in that list of its parent.',
  },
  {
    key: 'mount.mnt_devname_offset',
    kind: 'offset',
    signed: true,
    expression: 'vfsmount.mnt_devname',
    alternatives: ['mount.mnt_devname - mount.mnt'],
    doc: 'Name of the mounted device, a C string.',
  },
  {
    key: 'mount.mnt_id_offset',
    kind: 'offset',
    member: 'int',
    signed: true,
    expression: 'vfsmount.mnt_id',
    alternatives: ['mount.mnt_id - mount.mnt'],
    doc: 'Number of the mount.',
  },
  {
    key: 'super.s_type_offset',
    kind: 'offset',
    expression: 'super_block.s_type',
    doc: 'Type of the file system.',
  },
  {
    key: 'super.s_subtype_offset',
    kind: 'offset',
    expression: 'super_block.s_subtype',
    doc: 'Its subtype, a C string; null where it has none.',
  },
  {
    key: 'super.s_root_offset',
    kind: 'offset',
    expression: 'super_block.s_root',
    doc: 'Root directory of the file system.',
  },
  {
    key: 'super.s_id_offset',
    kind: 'offset',
    member: 'bytes',
    expression: 'super_block.s_id',
    doc: 'Name of its block device, 32 bytes: `loop1`.',
  },
  {
    key: 'fstype.name_offset',
    kind: 'offset',
    expression: 'file_system_type.name',
    doc: 'Name of a type of file systems, a C string: `tmpfs`.',
  },
] as const satisfies readonly SchemaRow[];
