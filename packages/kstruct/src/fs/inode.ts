import type { VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import type { Kernel } from '../kernel/kernel';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { KernelStruct } from '../kernel/kernel-struct';
import { layoutOf, missingKey } from '../kernel/layout';

/** The bits of i_mode that hold the type, and their values: include/uapi/linux/stat.h. */
const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;
const S_IFDIR = 0o040000;
/** A type of 0 is that of anonymous inodes, as anon_inode_new_inode makes them. */
const TYPES: ReadonlySet<number> = new Set([
  0,
  0o010000,
  0o020000,
  S_IFDIR,
  0o060000,
  0o100000,
  0o120000,
  S_IFSOCK,
]);

/**
 * A file as the file system has it, under any name. Corresponds to `inode`.
 *
 * @example
 * ```ts
 * declare const mm: Mm;
 * const { inode } = mm.exeFile;
 * [inode.isDirectory, inode.isSocket] // => [false, false]
 * ```
 */
export class Inode extends KernelStruct {
  /** Type and permissions. Corresponds to `inode.i_mode`. */
  get mode(): number {
    return this.view.u16(layoutOf(this.kernel.info).inode.i_mode_offset ?? missingKey('inode.i_mode_offset'));
  }

  /** Type alone, as `S_IFREG` of include/uapi/linux/stat.h; 0 of anonymous inodes. Corresponds to `S_IFMT` of `inode.i_mode`. */
  get type(): number {
    return this.mode & S_IFMT;
  }

  /** Number of the file in its file system. Corresponds to `inode.i_ino`. */
  get ino(): bigint {
    return this.word('inode.i_ino_offset');
  }

  /** The file system, virtual address of its super_block. Corresponds to `inode.i_sb`. */
  get superBlock(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).inode.i_sb_offset ?? missingKey('inode.i_sb_offset'));
  }

  /** The file system's own data about the file, virtual address. Corresponds to `inode.i_private`. */
  get privateData(): VirtualAddress {
    return this.word('inode.i_private_offset');
  }

  /** Whether it is a directory. */
  get isDirectory(): boolean {
    return this.type === S_IFDIR;
  }

  /** Whether it is a socket. */
  get isSocket(): boolean {
    return this.type === S_IFSOCK;
  }

  /**
   * Checks the structure.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for a type or a file system that cannot be.
   */
  validate(): void {
    const { address, mode } = this;
    if (mode === 0 || !TYPES.has(mode & S_IFMT))
      throw implausible({
        struct: 'inode',
        address,
        member: 'i_mode',
        received: mode,
        expected: 'a type of files',
      });
    if (isKernelPointerWord(this.kernel.memory.architecture, this.superBlock)) return;
    requirePointer(this.kernel, this.superBlock, { struct: 'inode', address, member: 'i_sb' });
  }
}

/** The inode at an address that is checked to be one. @throws OsiError `STRUCT_IMPLAUSIBLE`, or the fault of the page. */
export function requireInode(
  kernel: Kernel,
  pointer: VirtualAddress,
  holder: { readonly struct: string; readonly address: VirtualAddress; readonly member: string },
): Inode {
  const inode = new Inode(kernel, requirePointer(kernel, pointer, holder));
  inode.validate();
  return inode;
}
