import { decodeText, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { requireKey } from '../kernel/kernel';
import { KernelStruct } from '../kernel/kernel-struct';
import { layoutOf, missingKey } from '../kernel/layout';
import { StructView } from '../kernel/struct-view';
import { type Inode, requireInode } from './inode';
import { SuperBlock } from './super-block';

/** NAME_MAX, include/uapi/linux/limits.h. */
const NAME_MAX = 255;
/** `len` follows `hash` on little-endian guests, as since Linux 2.6. */
const QSTR_LEN = 4;

/** The words that `hlist_del_rcu` leaves: LIST_POISON2 of include/linux/poison.h, without POISON_POINTER_DELTA and with that of x86_64. */
const LIST_POISON2: ReadonlySet<VirtualAddress> = new Set([0x00200200n, 0xdead000000200200n]);

/** Name of anonymous shared memory, as `shmem_zero_setup` of mm/shmem.c gives it. */
const SHARED_MEMORY = 'dev/zero';

/** `d_dname` itself, and `d_automount`, `d_manage` and `d_real` behind it (include/linux/dcache.h). */
const FURTHER_OPERATIONS = 4;

/**
 * One component of a path, known to the kernel: a name in a directory. Corresponds to `dentry`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const busybox = new Dentry(kernel, mm.exeFile.path.dentry);
 * [busybox.name, busybox.parent.name, busybox.isDeleted] // => ['busybox', 'bin', false]
 * ```
 */
export class Dentry extends KernelStruct {
  /** The directory that the entry is in; a root is in itself. Corresponds to `dentry.d_parent`. */
  get parent(): Dentry {
    const pointer = this.word('path.d_parent_offset');
    return pointer === this.address ? this : new Dentry(this.kernel, this.pointer(pointer, 'd_parent'));
  }

  /** Whether the entry is the root of its file system, or in no directory at all. Corresponds to `IS_ROOT`. */
  get isRoot(): boolean {
    return this.word('path.d_parent_offset') === this.address;
  }

  /**
   * Whether the name has left its directory while the file is still in use. Corresponds to `d_unlinked`.
   *
   * `DCACHE_UNHASHED` of `d_flags` decides where the kernel has it: an entry without it can have poison for pointers. Else
   * `d_hash.pprev` decides, since Linux commit dea3667bc3c2 ("vfs: get rid of insane dentry hashing rules") (in v2.6.39):
   * the word before `d_parent` where the profile does not say, as in every kernel since
   * Linux commit ceb5bdc2d246 ("fs: dcache per-bucket dcache hash locking") (in v2.6.38). A section of an older kernel that
   * lacks the flag still has LIST_POISON2 there.
   */
  get isDeleted(): boolean {
    const { info, memory } = this.kernel;
    const parent = requireKey(info, 'path.d_parent_offset');
    const unhashed = info['path.DCACHE_UNHASHED'];
    if (unhashed !== undefined) return (this.u32('path.d_flags_offset') & unhashed) !== 0 && !this.isRoot;
    const offset = info['path.d_hash_pprev_offset'] ?? parent - memory.architecture.wordSize;
    const pprev = this.view.word(offset);
    if (pprev === 0n || LIST_POISON2.has(pprev)) return !this.isRoot;
    this.pointer(pprev, 'd_hash.pprev');
    return false;
  }

  /**
   * Name of the entry, as text; empty for an entry without a name. Only names of memory and the like hold
   * slashes.
   *
   * Corresponds to `dentry.d_name`, behind which `__d_alloc` in fs/dcache.c puts a NUL.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` where it is not a name: too long, or with a NUL elsewhere.
   */
  get name(): string {
    const { info, memory } = this.kernel;
    const at = requireKey(info, 'path.d_name_offset');
    const length = this.nameLength;
    const pointer = this.view.word(at + requireKey(info, 'qstr.name_offset'));
    if (!memory.architecture.isKernelAddress(pointer))
      throw this.contradiction('d_name.name', pointer, 'a pointer of the kernel');
    const bytes = new StructView(memory, pointer).bytes(0, length + 1);
    const nul = bytes.indexOf(0);
    if (nul !== length) throw this.contradiction('d_name', nul, `a name that ends after ${length} bytes`);
    return decodeText(bytes.subarray(0, length));
  }

  /** Length of the name in bytes, at most 255. @throws OsiError `STRUCT_IMPLAUSIBLE` where it is more. */
  get nameLength(): number {
    const { info } = this.kernel;
    const length = this.view.u32(
      requireKey(info, 'path.d_name_offset') + (info['qstr.len_offset'] ?? QSTR_LEN),
    );
    if (length <= NAME_MAX) return length;
    throw this.contradiction('d_name.len', length, `0 to ${NAME_MAX}`);
  }

  /**
   * The name as one part of a path. The one name with a slash is that of anonymous shared memory, to which
   * `shmem_file_setup` of mm/shmem.c gave the root of a tmpfs as its directory, at least up to v3.2; by v3.10 it has none.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for an empty one or another one with slashes.
   */
  get component(): string {
    const { name } = this;
    if (name !== '' && !name.includes('/')) return name;
    if (name === SHARED_MEMORY && this.isDeleted && this.parent.isRoot) return name;
    throw this.contradiction('d_name', name.indexOf('/'), 'a name without a slash');
  }

  /** The file, by whatever name. Corresponds to `dentry.d_inode`. @throws OsiError `STRUCT_IMPLAUSIBLE` for none. */
  get inode(): Inode {
    const pointer = this.view.word(
      layoutOf(this.kernel.info).path.d_inode_offset ?? missingKey('path.d_inode_offset'),
    );
    return requireInode(this.kernel, pointer, { struct: 'dentry', address: this.address, member: 'd_inode' });
  }

  /** The file system. Corresponds to `dentry.d_sb`. */
  get superBlock(): SuperBlock {
    return new SuperBlock(this.kernel, this.pointer(this.word('path.d_sb_offset'), 'd_sb'));
  }

  /** The file system's own data about the entry, virtual. Corresponds to `dentry.d_fsdata`. */
  get fsData(): VirtualAddress {
    return this.word('path.d_fsdata_offset');
  }

  /** Whether the file system makes the entry's text when it is asked for. Corresponds to `d_dname` in `dentry.d_op`. */
  get hasDynamicName(): boolean {
    const operations = this.word('path.d_op_offset');
    if (operations === 0n) return false;
    const view = new StructView(this.kernel.memory, this.pointer(operations, 'd_op'));
    const offset = requireKey(this.kernel.info, 'path.d_dname_offset');
    if (view.word(offset) !== 0n) return true;
    // A table of operations without any is blank memory: a socket would pass for a file then.
    const size = offset + FURTHER_OPERATIONS * this.kernel.memory.architecture.wordSize;
    if (view.bytes(0, size).some((byte) => byte !== 0)) return false;
    throw this.contradiction('d_op', operations, 'a table of operations');
  }

  /**
   * Checks the entry: it is in the file system of its mount, names a file of it, and has references.
   *
   * Members that the profile does not have are not checked.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for what is none.
   */
  validate(superBlock: VirtualAddress | undefined, directory = false): void {
    const { info } = this.kernel;
    const { address } = this;
    this.pointer(address, 'its address');
    this.pointer(this.word('path.d_parent_offset'), 'd_parent');
    const count = info['path.d_count_offset'];
    if (count !== undefined && this.view.s32(count) <= 0)
      throw this.contradiction('d_lockref.count', this.view.s32(count), '1 or more');
    if (info['path.d_sb_offset'] === undefined || superBlock === undefined) return;
    const received = this.word('path.d_sb_offset');
    if (received !== superBlock) throw this.contradiction('d_sb', received, 'the file system of its mount');
    if (info['path.d_inode_offset'] !== undefined) this.validateInode(superBlock, directory);
  }

  /**
   * Checks an entry in no folder that its file system does not name either: only a folder can be so, as the root of a file
   * system of which another folder is mounted.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for a file: a pipe or a socket whose operations are damaged.
   */
  validateNameless(): void {
    if (this.kernel.info['path.d_inode_offset'] === undefined || this.inode.isDirectory) return;
    const expected = 'operations that name the file, as it is in no folder';
    throw this.contradiction('d_op', this.word('path.d_op_offset'), expected);
  }

  private validateInode(superBlock: VirtualAddress, directory: boolean): void {
    const { inode } = this;
    if (inode.superBlock !== superBlock)
      throw this.contradiction('d_inode', inode.address, 'a file of the same file system');
    if (directory && !inode.isDirectory)
      throw this.contradiction('d_inode', inode.address, 'a directory, as it is the parent of another entry');
  }

  private pointer(value: VirtualAddress, member: string): VirtualAddress {
    return requirePointer(this.kernel, value, { struct: 'dentry', address: this.address, member });
  }

  private contradiction(member: string, received: number | bigint, expected: string) {
    return implausible({ struct: 'dentry', address: this.address, member, received, expected });
  }
}
