import { attempt, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { type KeyOf, requireKey } from '../kernel/kernel';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { KernelStruct } from '../kernel/kernel-struct';
import { layoutOf, missingKey } from '../kernel/layout';
import { Dentry } from './dentry';
import { type Inode, requireInode } from './inode';
import type { Path } from './path';
import { SuperBlock } from './super-block';

/**
 * An open file, pipe, socket or folder, which several descriptors may share. Corresponds to `file`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const file = mm.exeFile;
 * new PathReader(kernel, findReaderRoot(kernel)).read(file.path) // => '/bin/busybox'
 * ```
 */
export class OpenFile extends KernelStruct {
  /** The path that was opened. Corresponds to `file.f_path`. */
  get path(): Path {
    const { f_path_mnt_offset, f_path_dentry_offset } = layoutOf(this.kernel.info).fs;
    return {
      mnt: this.view.word(f_path_mnt_offset ?? missingKey('fs.f_path_mnt_offset')),
      dentry: this.view.word(f_path_dentry_offset ?? missingKey('fs.f_path_dentry_offset')),
    };
  }

  /**
   * The path that the user opened, which `/proc/PID/maps` names: for a file that overlayfs opened behind
   * another one, the path of that other one.
   *
   * `f_path` of such a file is the user's path up to
   * Linux commit def3ae83da02 ("fs: store real path instead of fake path in backing file f_path") (in v6.7).
   * Corresponds to `file_user_path`.
   */
  get userPath(): Path {
    const { FMODE_BACKING: flag, user_path_mnt_offset } = layoutOf(this.kernel.info).fs;
    const kept = user_path_mnt_offset !== undefined;
    if (flag === undefined || !kept || (this.u32('fs.f_mode_offset') & flag) === 0) return this.path;
    return this.pathBy('fs.user_path_mnt_offset', 'fs.user_path_dentry_offset');
  }

  /**
   * The file in its file system. Corresponds to `file_inode`: `file.f_inode`, and the inode of `file.f_path.dentry` before
   * Linux commit dd37978c50bc ("cache the value of file_inode() in struct file") (in v3.9).
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for none.
   */
  get inode(): Inode {
    const { f_inode_offset } = layoutOf(this.kernel.info).fs;
    if (f_inode_offset === undefined) return this.inodeOfPath;
    const pointer = this.view.word(f_inode_offset);
    return requireInode(this.kernel, pointer, { struct: 'file', address: this.address, member: 'f_inode' });
  }

  /** Position in bytes; signed, as devices of memory have addresses for positions. Corresponds to `file.f_pos`. */
  get pos(): bigint {
    return BigInt.asIntN(64, this.u64('fs.f_pos_offset'));
  }

  /**
   * Flags of open(): `O_RDWR`, `O_APPEND`. Corresponds to `file.f_flags`, without the `O_CLOEXEC` that kernels before
   * `f_inode` keep there, as it is not that of each descriptor: fs/proc/base.c of Linux 3.2 leaves it out too.
   */
  get flags(): number {
    const flags = this.u32('fs.f_flags_offset');
    return layoutOf(this.kernel.info).fs.f_inode_offset === undefined ? (flags & ~O_CLOEXEC) >>> 0 : flags;
  }

  /**
   * The driver's own data about the file, virtual; of a socket its `struct socket`. Corresponds to
   * `file.private_data`.
   */
  get privateData(): VirtualAddress {
    return this.word('fs.private_data_offset');
  }

  /**
   * Checks the structure: an open file has operations and a path, and has references.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for what is none.
   */
  validate(): void {
    const { kernel, address } = this;
    const { fs } = layoutOf(kernel.info);
    if (!isKernelPointerWord(kernel.memory.architecture, address))
      requirePointer(kernel, address, { struct: 'file', address, member: 'its address' });
    this.validatePointer('f_path.mnt', fs.f_path_mnt_offset ?? missingKey('fs.f_path_mnt_offset'));
    this.validatePointer('f_path.dentry', fs.f_path_dentry_offset ?? missingKey('fs.f_path_dentry_offset'));
    if (fs.f_op_offset !== undefined) this.validatePointer('f_op', fs.f_op_offset);
    if (fs.f_inode_offset !== undefined) this.validatePointer('f_inode', fs.f_inode_offset);
    if (fs.f_count_offset !== undefined) this.validateCount(this.view.word(fs.f_count_offset));
  }

  /**
   * Checks that the path leads to the open file. This holds for the file of a descriptor, but not for all
   * files behind others: overlayfs opened them under a path of its own up to
   * Linux commit def3ae83da02 ("fs: store real path instead of fake path in backing file f_path") (in v6.7).
   *
   * Of a path on overlayfs, a file of the same type in another file system will do, which a descriptor has open since
   * Linux commit 4bacc9c9234c ("overlayfs: Make f_path always point to the overlay and f_inode to the underlay") (in v4.2),
   * until overlayfs got operations of its own by Linux commit d1d04ef8572b ("ovl: stack file ops") (in v4.19). A kernel
   * with `FMODE_BACKING` is newer.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` where it leads to another file.
   */
  validatePath(): void {
    const { fs, path } = layoutOf(this.kernel.info);
    if (fs.f_inode_offset === undefined || path.d_inode_offset === undefined) return;
    const { address } = this;
    const dentry = new Dentry(this.kernel, this.path.dentry);
    const { inode } = dentry;
    const received = this.view.word(fs.f_inode_offset);
    if (inode.address === received || this.isOfLayerBelow(inode, dentry)) return;
    throw implausible({
      struct: 'file',
      address,
      member: 'f_inode',
      received,
      expected: 'the inode of its f_path',
    });
  }

  /** Whether the path is on overlayfs, and the open file can be one of a layer below it. */
  private isOfLayerBelow(seen: Inode, { superBlock }: Dentry): boolean {
    const { kernel } = this;
    if (layoutOf(kernel.info).fs.FMODE_BACKING !== undefined) return false;
    return attempt(
      () => {
        const { inode } = this;
        const other = seen.superBlock === superBlock.address && inode.superBlock !== superBlock.address;
        if (!other || inode.isDirectory || inode.type !== seen.type) return false;
        return superBlock.type === 'overlay' && new SuperBlock(kernel, inode.superBlock).type !== '';
      },
      () => false,
    );
  }

  private get inodeOfPath(): Inode {
    return new Dentry(this.kernel, this.path.dentry).inode;
  }

  /**
   * Zero holders are as many as one where the count starts at 0, as since
   * Linux commit 90ee6ed776c0 ("fs: port files to file_ref") (in v6.13); a dead file has the top bit set.
   */
  private validateCount(received: bigint): void {
    if (received < COUNT_LIMIT) return;
    const holder = { struct: 'file', address: this.address, member: 'f_count' };
    throw implausible({ ...holder, received, expected: 'a count of holders' });
  }

  private pathBy(mnt: KeyOf<number>, dentry: KeyOf<number>): Path {
    const { view } = this;
    const { info } = this.kernel;
    return { mnt: view.word(requireKey(info, mnt)), dentry: view.word(requireKey(info, dentry)) };
  }

  private validatePointer(member: string, offset: number): void {
    if (this.view.isKernelPointer(offset)) return;
    requirePointer(this.kernel, this.view.word(offset), { struct: 'file', address: this.address, member });
  }
}

/** O_CLOEXEC of x86, include/uapi/asm-generic/fcntl.h. */
const O_CLOEXEC = 0o2000000;

/** More than ever hold a file: each is a pointer somewhere in memory. */
const COUNT_LIMIT = 0x80000000n;
