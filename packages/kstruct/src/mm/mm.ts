import {
  formatAddress,
  OsiError,
  type PhysicalAddress,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { OpenFile } from '../fs/open-file';
import { implausible, requirePointer } from '../kernel/implausible';
import { KernelStruct } from '../kernel/kernel-struct';
import { layoutOf, missingKey } from '../kernel/layout';
import { findMmContradiction } from './mm-plausibility';

/**
 * A user address space. Corresponds to `mm_struct`.
 *
 * @example
 * ```ts
 * declare const task: Task;
 * task.mm.argEnd > task.mm.argStart // => true
 * task.mm.memory.root === task.mm.asid // => true
 * ```
 */
export class Mm extends KernelStruct {
  /** The top page table, as a virtual address of the kernel. Corresponds to `mm_struct.pgd`. */
  get pgd(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).mm.pgd_offset ?? missingKey('mm.pgd_offset'));
  }

  /** First byte of the arguments, in this address space. Corresponds to `mm_struct.arg_start`. */
  get argStart(): VirtualAddress {
    return this.view.word(
      layoutOf(this.kernel.info).mm.arg_start_offset ?? missingKey('mm.arg_start_offset'),
    );
  }

  /** First byte after the arguments. Corresponds to `mm_struct.arg_end`. */
  get argEnd(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).mm.arg_end_offset ?? missingKey('mm.arg_end_offset'));
  }

  /** First byte of the environment. Corresponds to `mm_struct.env_start`. */
  get envStart(): VirtualAddress {
    return this.word('mm.env_start_offset');
  }

  /** First byte after the environment. Corresponds to `mm_struct.env_end`. */
  get envEnd(): VirtualAddress {
    return this.word('mm.env_end_offset');
  }

  /** First byte of the heap, in this address space. Corresponds to `mm_struct.start_brk`. */
  get startBrk(): VirtualAddress {
    return this.view.word(
      layoutOf(this.kernel.info).mm.start_brk_offset ?? missingKey('mm.start_brk_offset'),
    );
  }

  /** First byte after the heap, in this address space. Corresponds to `mm_struct.brk`. */
  get brk(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).mm.brk_offset ?? missingKey('mm.brk_offset'));
  }

  /** Where the stack of the main thread began, in this address space. Corresponds to `mm_struct.start_stack`. */
  get startStack(): VirtualAddress {
    return this.view.word(
      layoutOf(this.kernel.info).mm.start_stack_offset ?? missingKey('mm.start_stack_offset'),
    );
  }

  /**
   * The number of mappings; `undefined` if the profile lacks the key. Corresponds to `mm_struct.map_count`.
   */
  get mapCount(): number | undefined {
    const offset = layoutOf(this.kernel.info).mm.map_count_offset;
    return offset === undefined ? undefined : this.view.s32(offset);
  }

  /**
   * The physical address of the top page table: PANDA's `asid`.
   *
   * @throws OsiError `PGD_NOT_MAPPED` where the kernel's own page tables do not map it.
   */
  get asid(): PhysicalAddress {
    const { pgd } = this;
    const physical = this.kernel.memory.translate(pgd);
    if (physical !== undefined) return physical;
    throw new OsiError('PGD_NOT_MAPPED', `mm_struct.pgd ${formatAddress(pgd)} is not mapped`, {
      cause: this.kernel.memory.fault(pgd),
      fields: { mm: this.address, pgd },
    });
  }

  /**
   * Whether `/proc/PID/exe` leads to a program. Older kernels forget it with its last mapping: `exe_file` is null then, as
   * `mm_struct.num_exe_file_vmas` confirms.
   */
  get hasExeFile(): boolean {
    const { exe_file_offset, num_exe_file_vmas_offset: mappings } = layoutOf(this.kernel.info).mm;
    if (mappings === undefined || exe_file_offset === undefined) return true;
    return !this.view.isZero(mappings) || !this.view.isZero(exe_file_offset);
  }

  /**
   * The program that is run, which execve sets before anything of it runs. Corresponds to `mm_struct.exe_file`.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` where it is no open file.
   */
  get exeFile(): OpenFile {
    const file = new OpenFile(this.kernel, this.word('mm.exe_file_offset'));
    file.validate();
    return file;
  }

  /**
   * Checks the structure.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for an address space that no task uses or that has no page table.
   */
  validate(): void {
    const member = findMmContradiction(this.view, layoutOf(this.kernel.info));
    if (member === undefined) return;
    const holder = { struct: 'mm_struct', address: this.address, member };
    if (member === 'mm_users')
      throw implausible({ ...holder, received: this.s32('mm.mm_users_offset'), expected: '1 or more' });
    requirePointer(this.kernel, this.pgd, holder);
    throw implausible({ ...holder, received: this.pgd, expected: 'the aligned address of a page table' });
  }

  /** The guest's memory as this process sees it. */
  get memory(): VirtualMemory {
    return this.kernel.memory.withRoot(this.asid);
  }
}
