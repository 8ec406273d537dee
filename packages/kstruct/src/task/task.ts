import { formatAddress, offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { FsStruct } from '../fs/fs-struct';
import { implausible, requirePointer } from '../kernel/implausible';
import { requireKey } from '../kernel/kernel';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { KernelStruct } from '../kernel/kernel-struct';
import { layoutOf, missingKey } from '../kernel/layout';
import { StructView } from '../kernel/struct-view';
import { Mm } from '../mm/mm';
import { Cred } from './cred';
import { TASK_COMM_LEN } from './short-names';
import { readStartTime } from './start-time';
import { findOtherMm, validateId, validateTask, validateWithoutMm } from './task-plausibility';

/**
 * One task: a thread of a process, or a kernel thread. Corresponds to `task_struct`.
 *
 * Every property reads guest memory when it is asked for, and throws the fault of the page or
 * `PROFILE_KEY_MISSING`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const swapper = new Task(kernel, kernel.info['task.init_addr']);
 * swapper.comm // => 'swapper/0'
 * swapper.mm // => undefined
 * ```
 */
export class Task extends KernelStruct {
  /** Id of the thread, in the initial pid namespace. Corresponds to `task_struct.pid`. */
  get pid(): number {
    return this.view.s32(layoutOf(this.kernel.info).task.pid_offset ?? missingKey('task.pid_offset'));
  }

  /** Id of the process, in the initial pid namespace. Corresponds to `task_struct.tgid`. */
  get tgid(): number {
    return this.view.s32(layoutOf(this.kernel.info).task.tgid_offset ?? missingKey('task.tgid_offset'));
  }

  /** Name of the thread, up to 15 bytes. Corresponds to `task_struct.comm`. */
  get comm(): string {
    const { comm_offset, comm_size } = layoutOf(this.kernel.info).task;
    return this.view.text(comm_offset ?? missingKey('task.comm_offset'), comm_size ?? TASK_COMM_LEN);
  }

  /** When the thread started, in ns of the monotonic clock, also where `task_struct.start_time` is a timespec. */
  get startTime(): bigint {
    const { start_time_offset } = layoutOf(this.kernel.info).task;
    return readStartTime(this.kernel, this.view, start_time_offset ?? missingKey('task.start_time_offset'));
  }

  /** The main thread of the process. Corresponds to `task_struct.group_leader`. */
  get groupLeader(): Task {
    const { group_leader_offset } = layoutOf(this.kernel.info).task;
    const address = this.view.word(group_leader_offset ?? missingKey('task.group_leader_offset'));
    // Most that are asked are leaders themselves, and the pages of this one have been read.
    return address === this.address
      ? new Task(this.kernel, address, this.view)
      : new Task(this.kernel, address);
  }

  /** The task that forked this one, or took it over. Corresponds to `task_struct.real_parent`. */
  get realParent(): Task {
    return new Task(this.kernel, this.word('task.real_parent_offset'));
  }

  /** Id of the parent process; that of `init_task` is 0, also where the dump lacks it. */
  get ppid(): number {
    const { init_addr, real_parent_offset, tgid_offset } = layoutOf(this.kernel.info).task;
    const parent = this.view.word(real_parent_offset ?? missingKey('task.real_parent_offset'));
    if (parent === init_addr) return 0;
    const view = new StructView(this.kernel.memory, parent);
    validateTask(this.kernel, parent, undefined, view);
    validateId(this.kernel, view);
    return view.s32(tgid_offset ?? missingKey('task.tgid_offset'));
  }

  /**
   * The user address space; `undefined` for kernel threads, also while they use that of a process (as the kernel's
   * `get_task_mm`), and for exited tasks. Corresponds to `task_struct.mm`.
   */
  get mm(): Mm | undefined {
    const { mm_offset = missingKey('task.mm_offset') } = layoutOf(this.kernel.info).task;
    if (this.view.isZero(mm_offset)) {
      validateWithoutMm(this.kernel, this.view);
      return undefined;
    }
    if (this.usesOtherMm) return undefined;
    const address = this.pointer(this.view.word(mm_offset), 'mm');
    const mm = new Mm(this.kernel, address);
    this.confirmMm(address);
    mm.validate();
    return mm;
  }

  /**
   * Whether this is a kernel thread with an address space, which is that of a process that it works for. Corresponds to
   * `kthread_use_mm`.
   */
  get usesOtherMm(): boolean {
    const {
      mm_offset = missingKey('task.mm_offset'),
      flags_offset,
      PF_KTHREAD = 0,
    } = layoutOf(this.kernel.info).task;
    if (flags_offset === undefined || (this.view.u32(flags_offset) & PF_KTHREAD) === 0) return false;
    return !this.view.isZero(mm_offset);
  }

  /** The credentials that `/proc` shows. Corresponds to `task_struct.real_cred`. */
  get realCred(): Cred {
    const { real_cred_offset } = layoutOf(this.kernel.info).task;
    const pointer = this.view.word(real_cred_offset ?? missingKey('task.real_cred_offset'));
    const address = this.pointer(pointer, 'real_cred');
    const cred = new Cred(this.kernel, address);
    cred.validate();
    return cred;
  }

  /** Root and working directory; `undefined` for exited tasks. Corresponds to `task_struct.fs`. */
  get fs(): FsStruct | undefined {
    const address = this.word('task.fs_offset');
    if (address === 0n) return undefined;
    const fs = new FsStruct(this.kernel, this.pointer(address, 'fs'));
    fs.validate();
    return fs;
  }

  /** The table of open files, virtual address; `undefined` for exited tasks. Corresponds to `task_struct.files`. */
  get files(): VirtualAddress | undefined {
    const { files_offset } = layoutOf(this.kernel.info).task;
    const address = this.view.word(files_offset ?? missingKey('task.files_offset'));
    return address === 0n ? undefined : this.pointer(address, 'files');
  }

  /**
   * The structure that the threads of the process share, virtual address. Corresponds to
   * `task_struct.signal`.
   */
  get signal(): VirtualAddress {
    return this.word('task.signal_offset');
  }

  /**
   * Whether this is a kernel thread. Corresponds to `PF_KTHREAD` in `task_struct.flags`.
   *
   * Where the profile lacks the flag: a task without `mm` that is pid 0, kthreadd, or a child of kthreadd.
   */
  get isKernelThread(): boolean {
    const { flags_offset, PF_KTHREAD } = layoutOf(this.kernel.info).task;
    if (flags_offset !== undefined && PF_KTHREAD !== undefined)
      return (this.view.u32(flags_offset) & PF_KTHREAD) !== 0;
    return this.mm === undefined && isKthreadFamily(this.tgid, this.ppid);
  }

  /** Address of an embedded `list_head`, virtual. */
  listHead(
    key: 'task.tasks_offset' | 'task.thread_node_offset' | 'task.thread_group_offset',
  ): VirtualAddress {
    return offsetAddress(this.address, requireKey(this.kernel.info, key));
  }

  private confirmMm(received: VirtualAddress): void {
    const active = findOtherMm(this.view, layoutOf(this.kernel.info), received);
    if (active === undefined) return;
    const expected = `its active_mm, ${formatAddress(active)}`;
    throw implausible({ struct: 'task_struct', address: this.address, member: 'mm', received, expected });
  }

  private pointer(value: VirtualAddress, member: string): VirtualAddress {
    if (isKernelPointerWord(this.kernel.memory.architecture, value)) return value;
    return requirePointer(this.kernel, value, { struct: 'task_struct', address: this.address, member });
  }
}

const KTHREADD_PID = 2;

function isKthreadFamily(pid: number, ppid: number): boolean {
  return pid === 0 || pid === KTHREADD_PID || ppid === KTHREADD_PID;
}
