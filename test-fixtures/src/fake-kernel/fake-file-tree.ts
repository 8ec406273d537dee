import { FakeVirtualMemory } from './fake-virtual-memory';

const BASE = 0xffff888040000000n;
/** Every object lies on a page of its own, so that each can be taken away alone. */
const SPACING = 0x1000n;

const S_IFDIR = 0o040755;
const S_IFREG = 0o100644;

/** The fields of a made-up directory entry. */
export interface FakeEntry {
  readonly name: string;
  /** The directory; a root of its own where absent. */
  readonly parent?: bigint;
  readonly superBlock: bigint;
  readonly directory?: boolean;
  readonly deleted?: boolean;
  /** Whether the file system makes its text. */
  readonly dynamic?: boolean;
  readonly ino?: number;
}

/** The fields of a made-up mount. */
export interface FakeMountSpec {
  readonly id: number;
  readonly superBlock: bigint;
  readonly root: bigint;
  /** The vfsmount that it lies on, and the entry; the topmost where absent. */
  readonly on?: { readonly mnt: bigint; readonly dentry: bigint };
  readonly source?: string;
}

/** Lays out file systems, directory entries, mounts and open files of a kernel of its own design. */
export class FakeFileTree {
  readonly memory: FakeVirtualMemory;
  readonly info = {
    'path.d_hash_pprev_offset': 0x10,
    'path.d_parent_offset': 0x18,
    'path.d_name_offset': 0x20,
    'path.d_inode_offset': 0x30,
    'path.d_iname_offset': 0x38,
    'path.d_count_offset': 0x5c,
    'path.d_op_offset': 0x60,
    'path.d_sb_offset': 0x68,
    'path.d_dname_offset': 0x40,
    'qstr.size': 16,
    'qstr.len_offset': 4,
    'qstr.name_offset': 8,
    'inode.i_mode_offset': 0,
    'inode.i_sb_offset': 0x28,
    'inode.i_ino_offset': 0x40,
    'inode.i_private_offset': 0x48,
    'super.s_type_offset': 0x28,
    'super.s_subtype_offset': 0x30,
    'super.s_id_offset': 0x48,
    'fstype.name_offset': 0,
    'path.mnt_root_offset': 0,
    'path.mnt_sb_offset': 8,
    'path.mnt_parent_offset': -0x10,
    'path.mnt_mountpoint_offset': -8,
    'mount.mnt_offset': 0x20,
    'mount.mnt_mounts_offset': 0x40,
    'mount.mnt_child_offset': 0x50,
    'mount.mnt_devname_offset': 0x60,
    'mount.mnt_id_offset': 0x68,
    'fs.f_path_mnt_offset': 0x10,
    'fs.f_path_dentry_offset': 0x18,
    'fs.f_inode_offset': 0x20,
    'fs.f_op_offset': 0x28,
    'fs.f_count_offset': 0x38,
    'fs.f_flags_offset': 0x40,
    'fs.f_mode_offset': 0x44,
    'fs.f_pos_offset': 0x48,
    'fs.private_data_offset': 0x50,
    'fs.FMODE_BACKING': 0x1000000,
    'fs.user_path_mnt_offset': 0xe8,
    'fs.user_path_dentry_offset': 0xf0,
  } as const;
  private readonly operations: bigint;
  private next = BASE;

  constructor(memory = new FakeVirtualMemory()) {
    this.memory = memory;
    this.operations = this.allocate();
    memory.writeWord(this.operations + BigInt(this.info['path.d_dname_offset']), this.operations);
  }

  /** A file system of a type; the address of its super_block. */
  superBlock(type: string, subtype?: string, id?: string): bigint {
    const [address, fstype, text, extra] = [
      this.allocate(),
      this.allocate(),
      this.allocate(),
      this.allocate(),
    ];
    this.memory.writeText(text, type);
    this.memory.writeWord(fstype, text);
    this.word(address, 'super.s_type_offset', fstype);
    if (subtype !== undefined) {
      this.memory.writeText(extra, subtype);
      this.word(address, 'super.s_subtype_offset', extra);
    }
    if (id !== undefined) this.memory.writeText(address + BigInt(this.info['super.s_id_offset']), id);
    return address;
  }

  /** A directory entry with its inode; the address of the dentry. */
  entry(spec: FakeEntry): bigint {
    const address = this.allocate();
    const name = address + BigInt(this.info['path.d_iname_offset']);
    const long = spec.name.length < 32 ? name : this.allocate();
    this.memory.writeText(long, spec.name);
    this.word(
      address,
      'path.d_hash_pprev_offset',
      spec.deleted === true || spec.parent === undefined ? 0n : BASE,
    );
    this.word(address, 'path.d_parent_offset', spec.parent ?? address);
    const qstr = address + BigInt(this.info['path.d_name_offset']);
    this.memory.writeInt(qstr + 4n, new TextEncoder().encode(spec.name).length);
    this.memory.writeWord(qstr + 8n, long);
    this.word(address, 'path.d_inode_offset', this.inode(spec));
    this.int(address, 'path.d_count_offset', 1);
    this.word(address, 'path.d_sb_offset', spec.superBlock);
    this.word(address, 'path.d_op_offset', spec.dynamic === true ? this.operations : 0n);
    return address;
  }

  /** A mount, linked in the list of the one that it lies on; the address of the vfsmount. */
  mount(spec: FakeMountSpec): bigint {
    const { info, memory } = this;
    const address = this.allocate() + BigInt(info['mount.mnt_offset']);
    const struct = (mnt: bigint) => mnt - BigInt(info['mount.mnt_offset']);
    this.word(address, 'path.mnt_root_offset', spec.root);
    this.word(address, 'path.mnt_sb_offset', spec.superBlock);
    this.word(address, 'path.mnt_parent_offset', struct(spec.on?.mnt ?? address));
    this.word(address, 'path.mnt_mountpoint_offset', spec.on?.dentry ?? spec.root);
    this.int(address, 'mount.mnt_id_offset', spec.id);
    if (spec.source !== undefined) {
      const text = this.allocate();
      memory.writeText(text, spec.source);
      this.word(address, 'mount.mnt_devname_offset', text);
    }
    const head = address + BigInt(info['mount.mnt_mounts_offset']);
    memory.writeWord(head, head);
    memory.writeWord(head + 8n, head);
    if (spec.on !== undefined) this.link(spec.on.mnt, address);
    return address;
  }

  /** An open file; its address. */
  file(mnt: bigint, dentry: bigint, { pos = 0n, flags = 0, mode = 0 } = {}): bigint {
    const address = this.allocate();
    this.word(address, 'fs.f_path_mnt_offset', mnt);
    this.word(address, 'fs.f_path_dentry_offset', dentry);
    this.word(address, 'fs.f_inode_offset', this.read(dentry + BigInt(this.info['path.d_inode_offset'])));
    this.word(address, 'fs.f_op_offset', this.operations);
    this.word(address, 'fs.f_count_offset', 1n);
    this.word(address, 'fs.f_pos_offset', pos);
    this.int(address, 'fs.f_flags_offset', flags);
    this.int(address, 'fs.f_mode_offset', mode);
    return address;
  }

  /** A word of the memory. */
  read(address: bigint): bigint {
    const page = this.memory.page(address);
    if (page === undefined) throw new Error(`nothing was written at 0x${address.toString(16)}`);
    return page.view.getBigUint64(Number(address & 0xfffn), true);
  }

  private inode({ superBlock, directory = false, ino = 1 }: FakeEntry): bigint {
    const address = this.allocate();
    this.memory.writeInt(address, directory ? S_IFDIR : S_IFREG);
    this.word(address, 'inode.i_sb_offset', superBlock);
    this.word(address, 'inode.i_ino_offset', BigInt(ino));
    return address;
  }

  /** list_add_tail. */
  private link(parent: bigint, child: bigint): void {
    const head = parent + BigInt(this.info['mount.mnt_mounts_offset']);
    const node = child + BigInt(this.info['mount.mnt_child_offset']);
    const last = this.read(head + 8n);
    this.memory.writeWord(last, node);
    this.memory.writeWord(node, head);
    this.memory.writeWord(node + 8n, last);
    this.memory.writeWord(head + 8n, node);
  }

  private word(address: bigint, key: keyof FakeFileTree['info'], value: bigint): void {
    this.memory.writeWord(address + BigInt(this.info[key]), value);
  }

  private int(address: bigint, key: keyof FakeFileTree['info'], value: number): void {
    this.memory.writeInt(address + BigInt(this.info[key]), value);
  }

  private allocate(): bigint {
    const address = this.next;
    this.next += SPACING;
    this.memory.writeWord(address, 0n);
    return address;
  }
}
