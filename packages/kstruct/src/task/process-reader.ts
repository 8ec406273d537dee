import {
  decodeStringList,
  PAGE_SIZE,
  type PhysicalAddress,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { viewOf } from '../kernel/kernel-struct';
import { findLayoutWith } from '../kernel/layout';
import { moveView, StructView } from '../kernel/struct-view';
import { readCommandLine } from '../mm/command-line';
import { Mm } from '../mm/mm';
import { findMmContradiction } from '../mm/mm-plausibility';
import { isCredHeld } from './cred';
import { PROCESS_KEYS, type ProcessLayout } from './process-keys';
import { ShortNames, TASK_COMM_LEN } from './short-names';
import { readStartTime } from './start-time';
import type { Task } from './task';
import { findOtherMm, validateId, validateTask, validateWithoutMm } from './task-plausibility';

const IN_PAGE = PAGE_SIZE - 1;
/** Address spaces that are kept; each may hold a page of memory. */
const SPACES_LIMIT = 4096;

/** Of all guests: a name depends on its bytes alone. */
const shortNames = new ShortNames();

/** An address space with the part of its arguments that was read. */
interface KnownSpace {
  readonly memory: VirtualMemory;
  /** The address of the arguments, and their bytes; the length is 0 until they are read. */
  start: number;
  high: number;
  length: number;
  text: readonly string[];
}

/** All facts about a process, in one object. */
export interface ProcessRecord {
  /** Address of the leader's `task_struct`, virtual. */
  readonly taskd: VirtualAddress;
  /** Id of the process. */
  readonly pid: number;
  /** Id of its parent. */
  readonly ppid: number;
  /** Its name. */
  readonly name: string;
  /** When it started, in ns of the monotonic clock. */
  readonly createTime: bigint;
  /** Whether it is a thread of the kernel. */
  readonly kernelThread: boolean;
  /** Its top page table, virtual; `null` without user memory. */
  readonly pgd: VirtualAddress | null;
  /** The same, physical. */
  readonly asid: PhysicalAddress | null;
  /** Its arguments; empty without user memory. */
  readonly cmdline: readonly string[];
  /** Real user id. */
  readonly uid: number;
  /** Real group id. */
  readonly gid: number;
  /** Effective user id. */
  readonly euid: number;
  /** Effective group id. */
  readonly egid: number;
}

/**
 * Reads processes whole, for listings of sound processes: the values of `Task`, `Mm` and `Cred`, with their
 * checks, in one pass.
 *
 * Keeps address spaces by their roots, with the arguments in them, and so holds for one stop of the guest.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const task: Task;
 * const { pid, name, cmdline } = new ProcessReader(kernel).read(task);
 * [pid, name, cmdline] // => [1, 'init', ['/bin/busybox', 'sh', '/init']]
 * ```
 */
export class ProcessReader {
  private readonly kernel: Kernel;
  private readonly layout: ProcessLayout | undefined;
  private readonly spaces = new Map<PhysicalAddress, KnownSpace>();
  private readonly parent: StructView;
  private readonly mm: StructView;
  private readonly cred: StructView;
  private knownParent: VirtualAddress | undefined;
  private knownPpid = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.layout = findLayoutWith(kernel.info, PROCESS_KEYS);
    this.parent = new StructView(kernel.memory, 0n);
    this.mm = new StructView(kernel.memory, 0n);
    this.cred = new StructView(kernel.memory, 0n);
  }

  /**
   * The process of a leader; `undefined` where something contradicts itself or the profile lacks a key, which
   * the properties of `Task` then report one by one.
   *
   * @throws OsiError the fault of a page that is missing.
   */
  read(leader: Task): ProcessRecord | undefined {
    const { layout } = this;
    if (layout === undefined) return undefined;
    const { task } = layout;
    const view = viewOf(leader);
    const ppid = this.readPpid(view, layout);
    const kernelThread = (view.u32(task.flags_offset) & task.PF_KTHREAD) !== 0;
    const hasMm = !kernelThread && !view.isZero(task.mm_offset);
    if (!hasMm && !kernelThread) validateWithoutMm(this.kernel, view);
    if ((hasMm && !this.findMm(view, layout)) || !this.findCred(view, layout)) return undefined;
    const { mm, cred } = this;
    const pgd = hasMm ? mm.word(layout.mm.pgd_offset) : null;
    const asid = pgd === null ? null : this.kernel.memory.translate(pgd);
    if (asid === undefined) return undefined;
    return {
      taskd: view.address,
      pid: view.s32(task.tgid_offset),
      ppid,
      name: shortNames.read(view, task.comm_offset, task.comm_size ?? TASK_COMM_LEN),
      createTime: readStartTime(this.kernel, view, task.start_time_offset),
      kernelThread,
      pgd,
      asid,
      cmdline: asid === null ? [] : this.readArguments(asid, layout),
      uid: cred.u32(layout.cred.uid_offset),
      gid: cred.u32(layout.cred.gid_offset),
      euid: cred.u32(layout.cred.euid_offset),
      egid: cred.u32(layout.cred.egid_offset),
    };
  }

  /** Children of one parent follow each other: the last one is remembered. */
  private readPpid(view: StructView, { task }: ProcessLayout): number {
    const address = view.word(task.real_parent_offset);
    if (address === this.knownParent) return this.knownPpid;
    if (address === task.init_addr) return 0;
    const { parent } = this;
    moveView(parent, address);
    validateTask(this.kernel, address, undefined, parent);
    validateId(this.kernel, parent);
    this.knownPpid = parent.s32(task.tgid_offset);
    this.knownParent = address;
    return this.knownPpid;
  }

  private findMm(view: StructView, layout: ProcessLayout): boolean {
    const address = view.word(layout.task.mm_offset);
    if (!isKernelPointerWord(this.kernel.memory.architecture, address)) return false;
    if (findOtherMm(view, layout, address) !== undefined) return false;
    moveView(this.mm, address);
    return findMmContradiction(this.mm, layout) === undefined;
  }

  private findCred(view: StructView, layout: ProcessLayout): boolean {
    const address = view.word(layout.task.real_cred_offset);
    if (!isKernelPointerWord(this.kernel.memory.architecture, address)) return false;
    moveView(this.cred, address);
    return isCredHeld(this.cred, layout);
  }

  /** Arguments that lie in one page, as nearly all do, are read where they are. */
  private readArguments(asid: PhysicalAddress, layout: ProcessLayout): string[] {
    const { mm } = this;
    const { arg_start_offset, arg_end_offset } = layout.mm;
    const space = this.spaceOf(asid);
    const start = mm.u32(arg_start_offset);
    const length = mm.u32(arg_end_offset) - start;
    const inPage = start & IN_PAGE;
    const isShort = length > 0 && inPage + length <= PAGE_SIZE && mm.is64Bit;
    if (isShort && mm.u32(arg_start_offset + 4) === mm.u32(arg_end_offset + 4)) {
      const high = mm.u32(arg_start_offset + 4);
      if (space.start === start && space.high === high && space.length === length) return space.text.slice();
      const bytes = space.memory.page(mm.word(arg_start_offset))?.bytes;
      // Arguments that do not end in a NUL are a title that the process has put in their place.
      if (bytes?.[inPage + length - 1] === 0) {
        space.text = decodeStringList(bytes.subarray(inPage, inPage + length));
        space.start = start;
        space.high = high;
        space.length = length;
        return space.text.slice();
      }
    }
    return readCommandLine(new Mm(this.kernel, mm.address), space.memory);
  }

  private spaceOf(asid: PhysicalAddress): KnownSpace {
    const known = this.spaces.get(asid);
    if (known !== undefined) return known;
    const space = { memory: this.kernel.memory.withRoot(asid), start: 0, high: 0, length: 0, text: [] };
    if (this.spaces.size < SPACES_LIMIT) this.spaces.set(asid, space);
    return space;
  }
}
