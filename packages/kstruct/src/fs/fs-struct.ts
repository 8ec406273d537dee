import { implausible, requirePointer } from '../kernel/implausible';
import type { KeyOf } from '../kernel/kernel';
import { KernelStruct } from '../kernel/kernel-struct';
import type { Path } from './path';

/**
 * Where a task stands in the tree of files. Corresponds to `fs_struct`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const task: Task;
 * new PathReader(kernel, task.fs.root).read(task.fs.pwd) // => '/'
 * ```
 */
export class FsStruct extends KernelStruct {
  /** The root directory, which `chroot` moves. Corresponds to `fs_struct.root`. */
  get root(): Path {
    return this.path('root', 'fs_struct.root_mnt_offset', 'fs_struct.root_dentry_offset');
  }

  /** The working directory. Corresponds to `fs_struct.pwd`. */
  get pwd(): Path {
    return this.path('pwd', 'fs_struct.pwd_mnt_offset', 'fs_struct.pwd_dentry_offset');
  }

  /** Checks the structure. @throws OsiError `STRUCT_IMPLAUSIBLE` for directories that no task uses. */
  validate(): void {
    const offset = this.kernel.info['fs_struct.users_offset'];
    const users = offset === undefined ? 1 : this.view.s32(offset);
    if (users > 0) return;
    const { address } = this;
    throw implausible({
      struct: 'fs_struct',
      address,
      member: 'users',
      received: users,
      expected: '1 or more',
    });
  }

  private path(member: string, mnt: KeyOf<number>, dentry: KeyOf<number>): Path {
    const holder = { struct: 'fs_struct', address: this.address };
    return {
      mnt: requirePointer(this.kernel, this.word(mnt), { ...holder, member: `${member}.mnt` }),
      dentry: requirePointer(this.kernel, this.word(dentry), { ...holder, member: `${member}.dentry` }),
    };
  }
}
