import { formatAddress, offsetAddress, type VirtualAddress } from '@osi-linux/core';
import { Cred } from './cred';
import { FsStruct } from './fs-struct';
import { implausible, requirePointer } from './internal/implausible';
import { validateTask } from './internal/task-plausibility';
import { requireKey } from './kernel';
import { KernelStruct } from './kernel-struct';
import { Mm } from './mm';

/** Bytes of a task's name where the profile does not say: TASK_COMM_LEN, unchanged since Linux 2.0. */
const TASK_COMM_LEN = 16;

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
    return this.s32('task.pid_offset');
  }

  /** Id of the process, in the initial pid namespace. Corresponds to `task_struct.tgid`. */
  get tgid(): number {
    return this.s32('task.tgid_offset');
  }

  /** Name of the thread, up to 15 bytes. Corresponds to `task_struct.comm`. */
  get comm(): string {
    const { info } = this.kernel;
    return this.view.text(requireKey(info, 'task.comm_offset'), info['task.comm_size'] ?? TASK_COMM_LEN);
  }

  /** When the thread started, in ns of the monotonic clock. Corresponds to `task_struct.start_time`. */
  get startTime(): bigint {
    return this.u64('task.start_time_offset');
  }

  /** The main thread of the process. Corresponds to `task_struct.group_leader`. */
  get groupLeader(): Task {
    return new Task(this.kernel, this.word('task.group_leader_offset'));
  }

  /** The task that forked this one, or took it over. Corresponds to `task_struct.real_parent`. */
  get realParent(): Task {
    return new Task(this.kernel, this.word('task.real_parent_offset'));
  }

  /** Id of the parent process; that of `init_task` is 0, also where the dump lacks it. */
  get ppid(): number {
    const parent = this.realParent;
    if (parent.address === this.kernel.info['task.init_addr']) return 0;
    validateTask(this.kernel, parent.address);
    return parent.tgid;
  }

  /** The user address space; `undefined` for kernel threads and exited tasks. Corresponds to `task_struct.mm`. */
  get mm(): Mm | undefined {
    const address = this.word('task.mm_offset');
    if (address === 0n) return undefined;
    const mm = new Mm(this.kernel, this.#pointer(address, 'mm'));
    this.#confirmMm(address);
    mm.validate();
    return mm;
  }

  /** The credentials that `/proc` shows. Corresponds to `task_struct.real_cred`. */
  get realCred(): Cred {
    const address = this.#pointer(this.word('task.real_cred_offset'), 'real_cred');
    const cred = new Cred(this.kernel, address);
    cred.validate();
    return cred;
  }

  /** Root and working directory; `undefined` for exited tasks. Corresponds to `task_struct.fs`. */
  get fs(): FsStruct | undefined {
    const address = this.word('task.fs_offset');
    if (address === 0n) return undefined;
    const fs = new FsStruct(this.kernel, this.#pointer(address, 'fs'));
    fs.validate();
    return fs;
  }

  /** The table of open files, virtual address; `undefined` for exited tasks. Corresponds to `task_struct.files`. */
  get files(): VirtualAddress | undefined {
    const address = this.word('task.files_offset');
    return address === 0n ? undefined : this.#pointer(address, 'files');
  }

  /** What the threads of the process share, virtual address. Corresponds to `task_struct.signal`. */
  get signal(): VirtualAddress {
    return this.word('task.signal_offset');
  }

  /**
   * Whether this is a kernel thread. Corresponds to `PF_KTHREAD` in `task_struct.flags`.
   *
   * Where the profile lacks the flag: a task without `mm` that is pid 0, kthreadd, or a child of kthreadd.
   */
  get isKernelThread(): boolean {
    const { info } = this.kernel;
    const offset = info['task.flags_offset'];
    const flag = info['task.PF_KTHREAD'];
    if (offset !== undefined && flag !== undefined) return (this.view.u32(offset) & flag) !== 0;
    return this.mm === undefined && isKthreadFamily(this.tgid, this.ppid);
  }

  /** Address of an embedded `list_head`, virtual. */
  listHead(
    key: 'task.tasks_offset' | 'task.thread_node_offset' | 'task.thread_group_offset',
  ): VirtualAddress {
    return offsetAddress(this.address, requireKey(this.kernel.info, key));
  }

  /** A task with an address space of its own runs in no other: else the pointer is to that of another process. */
  #confirmMm(received: VirtualAddress): void {
    const offset = this.kernel.info['task.active_mm_offset'];
    const active = offset === undefined ? received : this.view.word(offset);
    if (active === received) return;
    const expected = `its active_mm, ${formatAddress(active)}`;
    throw implausible({ struct: 'task_struct', address: this.address, member: 'mm', received, expected });
  }

  #pointer(value: VirtualAddress, member: string): VirtualAddress {
    return requirePointer(this.kernel, value, { struct: 'task_struct', address: this.address, member });
  }
}

const KTHREADD_PID = 2;

function isKthreadFamily(pid: number, ppid: number): boolean {
  return pid === 0 || pid === KTHREADD_PID || ppid === KTHREADD_PID;
}
