import { decodeCString } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { requireKey } from '../kernel/kernel';
import { readKernelString } from '../kernel/kernel-string';
import { KernelStruct } from '../kernel/kernel-struct';
import { StructView } from '../kernel/struct-view';

/** `sizeof(super_block.s_id)`. */
const ID_SIZE = 32;
/** `ext4`, `9p`, `rpc_pipefs`: no type has a blank or a control character, which `/proc/filesystems` could not show. */
const TYPE = /^[!-~]{1,64}$/;

/**
 * A file system in use: a disk, a tmpfs, the kernel's own for pipes. Corresponds to `super_block`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * new Dentry(kernel, mm.exeFile.path.dentry).superBlock.type // => 'rootfs'
 * ```
 */
export class SuperBlock extends KernelStruct {
  /** Name of the type: `tmpfs`. Corresponds to `file_system_type.name`. */
  get type(): string {
    const { kernel } = this;
    const holder = { struct: 'super_block', address: this.address, member: 's_type' };
    const type = requirePointer(kernel, this.word('super.s_type_offset'), holder);
    const name = new StructView(kernel.memory, type).word(requireKey(kernel.info, 'fstype.name_offset'));
    const place = { struct: 'file_system_type', address: type, member: 'name' };
    const text = readKernelString(kernel, name, place);
    if (TYPE.test(text)) return text;
    throw implausible({ ...place, received: name, expected: 'the name of a type' });
  }

  /**
   * The text that `/proc/PID/mountinfo` shows behind the type: `sshfs` of `fuse.sshfs`. Corresponds to
   * `super_block.s_subtype`.
   */
  get subtype(): string | undefined {
    const text = this.word('super.s_subtype_offset');
    if (text === 0n) return undefined;
    return readKernelString(this.kernel, text, {
      struct: 'super_block',
      address: this.address,
      member: 's_subtype',
    });
  }

  /**
   * The name of its block device, as `%pg` of printk writes it: `loop1`, `dm-0`. Corresponds to `super_block.s_id`.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` where it is not a name.
   */
  get id(): string {
    const bytes = this.view.bytes(requireKey(this.kernel.info, 'super.s_id_offset'), ID_SIZE);
    const nul = bytes.indexOf(0);
    if (nul > 0) return decodeCString(bytes);
    const holder = { struct: 'super_block', address: this.address, member: 's_id' };
    throw implausible({ ...holder, received: nul, expected: `a name shorter than ${ID_SIZE} bytes` });
  }
}
