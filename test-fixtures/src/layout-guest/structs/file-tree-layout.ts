import type { GuestMemory } from '../guest-memory';
import type { LinuxAge } from '../linux-age';
import { allocateStruct, GuestStruct, linkRing } from './guest-struct';

/** i_mode of the files that a guest has: include/uapi/linux/stat.h. */
export const MODES = {
  directory: 0o040755,
  file: 0o100644,
  device: 0o020666,
  pipe: 0o010600,
  socket: 0o140777,
  /** Anonymous inodes have no type. */
  anonymous: 0o600,
} as const;

/** A file system that was laid out. */
export interface SuperBlockLayout {
  /** The `super_block`, virtual. */
  readonly address: bigint;
  readonly type: string;
}

/** A directory entry that was laid out. */
export interface EntryLayout {
  /** The `dentry`, virtual. */
  readonly address: bigint;
  /** Its `inode`, virtual. */
  readonly inode: bigint;
  readonly superBlock: SuperBlockLayout;
}

/** A mount that was laid out. */
export interface MountLayout {
  /** The `vfsmount`, virtual. */
  readonly address: bigint;
  /** The list heads of the mounts that lie on it, with its own place in one. */
  readonly children: bigint[];
  readonly root: EntryLayout;
}

/** A mount and a directory entry: `struct path`. */
export interface PathLayout {
  readonly mount: MountLayout;
  readonly entry: EntryLayout;
}

/** The parts of a directory entry that are not the usual ones. */
export interface EntryOptions {
  /** i_mode; a regular file unless given. */
  readonly mode?: number;
  /** Whether it is in no directory: because it was deleted, or never was in one. */
  readonly unhashed?: 'deleted' | 'from its start';
  /** Whether the file system makes the name (`d_dname`). */
  readonly dynamic?: boolean;
  /** The inode, where something else is around it. */
  readonly inode?: bigint;
  readonly ino?: number;
  /** `inode.i_private`. */
  readonly privateData?: bigint;
}

/** The parts of an open file that are not the usual ones. */
export interface FileOptions {
  readonly flags?: number;
  readonly pos?: bigint;
  readonly privateData?: bigint;
  /** The inode, where it is not that of the path. */
  readonly inode?: bigint;
}

/** LIST_POISON2 of include/linux/poison.h. */
const LIST_POISON2 = { 4: 0x00200200n, 8: 0xdead000000200200n } as const;
const DCACHE_UNHASHED = 0x10;
/** Other flags of an entry. */
const D_FLAGS = 0x08;

/** Lays out file systems, directory entries, mounts and open files. */
export class FileTreeLayout {
  private readonly memory: GuestMemory;
  private readonly age: LinuxAge;
  private readonly operations: bigint;
  private nextInode = 5000;

  constructor(memory: GuestMemory, age: LinuxAge) {
    this.memory = memory;
    this.age = age;
    this.operations = memory.allocate(256);
  }

  superBlock(type: string, subtype?: string): SuperBlockLayout {
    const { memory } = this;
    const fstype = allocateStruct(memory, 'fstype').word('fstype.name_offset', memory.text(type));
    const { address } = allocateStruct(memory, 'super')
      .word('super.s_type_offset', fstype.address)
      .word('super.s_subtype_offset', subtype === undefined ? 0n : memory.text(subtype));
    return { address, type };
  }

  /** The root directory of a file system. */
  root(superBlock: SuperBlockLayout, name = '/'): EntryLayout {
    return this.dentry(superBlock, name, undefined, { mode: MODES.directory });
  }

  /** An entry of a directory. */
  entry(parent: EntryLayout, name: string, options: EntryOptions = {}): EntryLayout {
    return this.dentry(parent.superBlock, name, parent.address, options);
  }

  /** A directory below another one. */
  directory(parent: EntryLayout, name: string): EntryLayout {
    return this.entry(parent, name, { mode: MODES.directory });
  }

  /** An entry that is its own parent, as those are that no directory holds. */
  apart(superBlock: SuperBlockLayout, name: string, options: EntryOptions): EntryLayout {
    return this.dentry(superBlock, name, undefined, options);
  }

  /** An inode at a place, or anywhere. */
  inode(
    superBlock: SuperBlockLayout,
    { inode, ino, mode = MODES.file, privateData = 0n }: EntryOptions,
  ): bigint {
    const struct =
      inode === undefined ? allocateStruct(this.memory, 'inode') : new GuestStruct(this.memory, inode);
    struct
      .int('inode.i_mode_offset', mode, 2)
      .word('inode.i_sb_offset', superBlock.address)
      .word('inode.i_ino_offset', BigInt(ino ?? this.nextInode++))
      .word('inode.i_private_offset', privateData);
    return struct.address;
  }

  /** A mount of a file system, or of a directory of it, on a directory; the topmost lies on itself. */
  mount(id: number, root: EntryLayout, source: string | undefined, on?: PathLayout): MountLayout {
    const { memory } = this;
    const around = this.age.hasStructMount ? BigInt(4 * memory.wordSize) : 0n;
    const address = memory.allocate(memory.keys.sizeOf('path', 'mount') + 128) + around;
    const struct = new GuestStruct(memory, address)
      .word('path.mnt_root_offset', root.address)
      .word('path.mnt_sb_offset', root.superBlock.address)
      .word('path.mnt_parent_offset', (on?.mount.address ?? address) - around)
      .word('path.mnt_mountpoint_offset', on?.entry.address ?? root.address)
      .word('mount.mnt_devname_offset', source === undefined ? 0n : memory.text(source))
      .int('mount.mnt_id_offset', id);
    const mount = { address, children: [], root };
    if (!memory.keys.has('mount.mnt_mounts_offset', 'mount.mnt_child_offset')) return mount;
    on?.mount.children.push(struct.at('mount.mnt_child_offset'));
    if (on !== undefined) this.linkChildren(on.mount);
    linkRing(memory, [struct.at('mount.mnt_mounts_offset')]);
    return mount;
  }

  /** An open file; its `struct file`, virtual. */
  file({ mount, entry }: PathLayout, options: FileOptions = {}): bigint {
    const { memory } = this;
    const { flags = 0, pos = 0n, privateData = 0n, inode = entry.inode } = options;
    const struct = new GuestStruct(memory, memory.allocate(memory.keys.sizeOf('fs')))
      .word('fs.f_path_mnt_offset', mount.address)
      .word('fs.f_path_dentry_offset', entry.address)
      .word('fs.f_inode_offset', inode)
      .word('fs.f_op_offset', this.operations)
      .word('fs.f_count_offset', 1n)
      .int('fs.f_flags_offset', flags)
      .int('fs.f_mode_offset', 0x1d)
      .int('fs.f_pos_offset', pos, 8)
      .word('fs.private_data_offset', privateData);
    return struct.address;
  }

  private linkChildren(mount: MountLayout): void {
    const head = new GuestStruct(this.memory, mount.address).at('mount.mnt_mounts_offset');
    linkRing(this.memory, [head, ...mount.children]);
  }

  private dentry(
    superBlock: SuperBlockLayout,
    name: string,
    parent: bigint | undefined,
    options: EntryOptions,
  ): EntryLayout {
    const { memory } = this;
    const inode = this.inode(superBlock, options);
    const struct = allocateStruct(memory, 'path');
    const { address } = struct;
    this.writeHash(struct, parent === undefined ? 'root' : (options.unhashed ?? 'hashed'));
    struct
      .word('path.d_parent_offset', parent ?? address)
      .word('path.d_inode_offset', inode)
      .word('path.d_sb_offset', superBlock.address)
      .word('path.d_fsdata_offset', 0n)
      .int('path.d_count_offset', 1)
      .word('path.d_op_offset', options.dynamic === true ? this.dentryOperations() : 0n);
    this.writeName(struct, name);
    return { address, inode, superBlock };
  }

  /** `d_hash`, which is before `d_parent`, and `d_flags`. */
  private writeHash(struct: GuestStruct, state: 'root' | 'deleted' | 'from its start' | 'hashed'): void {
    const { keys, wordSize } = this.memory;
    const byFlag = this.age.unhashed === 'flag';
    const pprev =
      state === 'hashed' ? this.operations : state === 'deleted' && byFlag ? LIST_POISON2[wordSize] : 0n;
    const before = keys.number('path.d_parent_offset') - wordSize;
    struct.word('path.d_hash_pprev_offset', pprev, before);
    struct.int('path.d_flags_offset', D_FLAGS | (byFlag && state !== 'hashed' ? DCACHE_UNHASHED : 0));
  }

  /** A name that is short lies in the entry itself. */
  private writeName(struct: GuestStruct, name: string): void {
    const { memory } = this;
    const bytes = new TextEncoder().encode(name);
    const inside = struct.at('path.d_iname_offset');
    const qstr = new GuestStruct(memory, struct.at('path.d_name_offset'));
    const long = bytes.length > 24;
    if (!long) memory.writeBytes(inside, new Uint8Array([...bytes, 0]));
    qstr.int('qstr.len_offset', bytes.length, 4, 4);
    qstr.word('qstr.name_offset', long ? memory.text(bytes) : inside);
  }

  private dentryOperations(): bigint {
    const { memory } = this;
    const struct = allocateStruct(memory, 'path');
    memory.writeBytes(struct.address, new Uint8Array(128));
    return struct.word('path.d_dname_offset', this.operations).address;
  }
}
