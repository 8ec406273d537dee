import { OsiError, offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, type KeyOf, requireKey } from '../kernel/kernel';
import { readKernelString } from '../kernel/kernel-string';
import { KernelStruct } from '../kernel/kernel-struct';
import { SuperBlock } from './super-block';

const NO_NAME = 'none';
/** How the kernel calls the devices of the device mapper. */
const MAPPED = 'dm-';

/**
 * A file system, or a part of one, at its place in the tree of files.
 *
 * The address is that of the `vfsmount`, to which paths point; the members of the `struct mount` around it are counted
 * from there. Corresponds to `mount`: Linux commit 7d6fec45a513 ("vfs: start hiding vfsmount guts series") (in v3.3).
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const root = new Mount(kernel, findReaderRoot(kernel).mnt);
 * root.superBlock.type // => 'rootfs'
 * ```
 */
export class Mount extends KernelStruct {
  /** Number of the mount. Corresponds to `mount.mnt_id`. */
  get id(): number {
    return this.s32('mount.mnt_id_offset');
  }

  /** The root directory of the mount, a dentry. Corresponds to `vfsmount.mnt_root`. */
  get root(): VirtualAddress {
    return this.pointer('mnt_root', 'path.mnt_root_offset');
  }

  /** The file system that is mounted. Corresponds to `vfsmount.mnt_sb`. */
  get superBlock(): SuperBlock {
    return new SuperBlock(this.kernel, this.pointer('mnt_sb', 'path.mnt_sb_offset'));
  }

  /** The vfsmount that this one lies on; the topmost lies on itself. Corresponds to `mount.mnt_parent`. */
  get parent(): VirtualAddress {
    const parent = this.pointer('mnt_parent', 'path.mnt_parent_offset');
    return offsetAddress(parent, vfsmountOffset(this.kernel));
  }

  /** The directory or file that is mounted on, a dentry. Corresponds to `mount.mnt_mountpoint`. */
  get mountpoint(): VirtualAddress {
    return this.pointer('mnt_mountpoint', 'path.mnt_mountpoint_offset');
  }

  /**
   * The name of the mounted device; `none` if it has no name. Corresponds to `mount.mnt_devname`.
   *
   * The kernel asks the file system for it where that has `super_operations.show_devname`. Those of NFS, AFS and CIFS
   * print what was given to mount(), as `mnt_devname` is. That of btrfs prints the name of its latest device, whose
   * kernel name is `super_block.s_id`, and kernels that mount its subvolumes by the newer interface leave
   * `mnt_devname` as `none`.
   *
   * @throws OsiError `MOUNT_SOURCE_UNKNOWN` where such a device belongs to the device mapper, which names it otherwise;
   * `PROFILE_KEY_MISSING` for such a mount without `super.s_id_offset`.
   */
  get source(): string {
    const text = this.word('mount.mnt_devname_offset');
    const holder = { struct: 'mount', address: this.address, member: 'mnt_devname' };
    const name = text === 0n ? NO_NAME : readKernelString(this.kernel, text, holder);
    return name === NO_NAME ? (this.findShownDevice() ?? NO_NAME) : name;
  }

  private findShownDevice(): string | undefined {
    const { info } = this.kernel;
    if (info['super.s_type_offset'] === undefined || info['path.mnt_sb_offset'] === undefined)
      return undefined;
    const { superBlock } = this;
    if (superBlock.type !== 'btrfs') return undefined;
    const { id } = superBlock;
    // A slash in the name of a device is an exclamation mark in the kernel.
    if (!id.startsWith(MAPPED)) return `/dev/${id.replaceAll('!', '/')}`;
    throw new OsiError(
      'MOUNT_SOURCE_UNKNOWN',
      `the mounted device is ${id}, whose name in /dev/mapper is not known`,
      {
        hint: 'look for the device among the targets of the device mapper',
        fields: { device: id, virtualAddress: this.address },
      },
    );
  }

  /** Checks the structure. @throws OsiError `STRUCT_IMPLAUSIBLE` for what is no mount. */
  validate(): void {
    const { address } = this;
    requirePointer(this.kernel, address, { struct: 'mount', address, member: 'its address' });
    this.pointer('mnt_root', 'path.mnt_root_offset');
    this.pointer('mnt_parent', 'path.mnt_parent_offset');
    this.pointer('mnt_mountpoint', 'path.mnt_mountpoint_offset');
    if (this.kernel.info['path.mnt_sb_offset'] !== undefined) this.pointer('mnt_sb', 'path.mnt_sb_offset');
    const offset = this.kernel.info['mount.mnt_id_offset'];
    const id = offset === undefined ? 0 : this.view.s32(offset);
    if (id >= 0) return;
    throw implausible({ struct: 'mount', address, member: 'mnt_id', received: id, expected: '0 or more' });
  }

  private pointer(member: string, key: KeyOf<number>): VirtualAddress {
    return requirePointer(this.kernel, this.word(key), { struct: 'mount', address: this.address, member });
  }
}

/**
 * The offset of the vfsmount in `struct mount`, whose first members are `mnt_hash` (two words), `mnt_parent`,
 * `mnt_mountpoint` and `mnt`. Before v3.3 there was no structure around it.
 */
function vfsmountOffset({ info, memory }: Kernel): number {
  const known = info['mount.mnt_offset'];
  if (known !== undefined) return known;
  const parent = requireKey(info, 'path.mnt_parent_offset');
  return parent > 0 ? 0 : 2 * memory.architecture.wordSize - parent;
}
