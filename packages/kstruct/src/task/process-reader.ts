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
import { moveView, StructView } from '../kernel/struct-view';
import { readCommandLine } from '../mm/command-line';
import { Mm } from '../mm/mm';
import { type ProcessKeys, processKeysOf } from './process-keys';
import { ShortNames } from './short-names';
import { readStartTime } from './start-time';
import type { Task } from './task';
import { validateTask } from './task-plausibility';

const IN_PAGE = PAGE_SIZE - 1;
/** Address spaces that are kept; each may hold a page of memory. */
const SPACES_LIMIT = 4096;

/** Of all guests: a name depends on its bytes alone. */
const shortNames = new ShortNames();

/** An address space with what was read of its arguments. */
interface KnownSpace {
  readonly memory: VirtualMemory;
  /** Where they lie, and what is there; the length is 0 while they were not read. */
  start: number;
  high: number;
  length: number;
  text: readonly string[];
}

/** All that is told of a process, in one piece. */
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
 * Reads processes whole, for listings of sound ones: what `Task`, `Mm` and `Cred` say one by one, with their checks.
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
  private readonly keys: ProcessKeys | undefined;
  private readonly spaces = new Map<PhysicalAddress, KnownSpace>();
  private readonly parent: StructView;
  private readonly mm: StructView;
  private readonly cred: StructView;
  private knownParent: VirtualAddress | undefined;
  private knownPpid = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.keys = processKeysOf(kernel.info);
    this.parent = new StructView(kernel.memory, 0n);
    this.mm = new StructView(kernel.memory, 0n);
    this.cred = new StructView(kernel.memory, 0n);
  }

  /**
   * The process of a leader; `undefined` where something contradicts itself or the profile lacks a key, which
   * the properties of `Task` then tell one by one.
   *
   * @throws OsiError the fault of a page that is missing.
   */
  read(leader: Task): ProcessRecord | undefined {
    const { keys } = this;
    if (keys === undefined) return undefined;
    const view = viewOf(leader);
    const ppid = this.readPpid(view, keys);
    const hasMm = !view.isZero(keys.mm);
    if ((hasMm && !this.findMm(view, keys)) || !this.findCred(view, keys)) return undefined;
    const { mm, cred } = this;
    const pgd = hasMm ? mm.word(keys.pgd) : null;
    const asid = pgd === null ? null : this.kernel.memory.translate(pgd);
    if (asid === undefined) return undefined;
    return {
      taskd: view.address,
      pid: view.s32(keys.tgid),
      ppid,
      name: shortNames.read(view, keys.comm, keys.commSize),
      createTime: readStartTime(this.kernel, view, keys.startTime),
      kernelThread: (view.u32(keys.flags) & keys.kthread) !== 0,
      pgd,
      asid,
      cmdline: asid === null ? [] : this.readArguments(asid, keys),
      uid: cred.u32(keys.uid),
      gid: cred.u32(keys.gid),
      euid: cred.u32(keys.euid),
      egid: cred.u32(keys.egid),
    };
  }

  /** Children of one parent follow each other: the last one is remembered. */
  private readPpid(view: StructView, keys: ProcessKeys): number {
    const address = view.word(keys.realParent);
    if (address === this.knownParent) return this.knownPpid;
    if (address === keys.initTask) return 0;
    const { parent } = this;
    moveView(parent, address);
    validateTask(this.kernel, address, undefined, parent);
    this.knownPpid = parent.s32(keys.tgid);
    this.knownParent = address;
    return this.knownPpid;
  }

  private findMm(view: StructView, keys: ProcessKeys): boolean {
    const { mm } = this;
    const address = view.word(keys.mm);
    if (!isKernelPointerWord(this.kernel.memory.architecture, address)) return false;
    if (keys.activeMm !== undefined && view.word(keys.activeMm) !== address) return false;
    moveView(mm, address);
    return (keys.mmUsers === undefined || mm.s32(keys.mmUsers) > 0) && mm.isKernelPointer(keys.pgd);
  }

  private findCred(view: StructView, keys: ProcessKeys): boolean {
    const address = view.word(keys.realCred);
    if (!isKernelPointerWord(this.kernel.memory.architecture, address)) return false;
    moveView(this.cred, address);
    return keys.credUsage === undefined || this.cred.s32(keys.credUsage) > 0;
  }

  /** Arguments that lie in one page, as nearly all do, are read where they are. */
  private readArguments(asid: PhysicalAddress, keys: ProcessKeys): string[] {
    const { mm } = this;
    const space = this.spaceOf(asid);
    const start = mm.u32(keys.argStart);
    const length = mm.u32(keys.argEnd) - start;
    const inPage = start & IN_PAGE;
    const isShort = length > 0 && inPage + length <= PAGE_SIZE && mm.is64Bit;
    if (isShort && mm.u32(keys.argStart + 4) === mm.u32(keys.argEnd + 4)) {
      const high = mm.u32(keys.argStart + 4);
      if (space.start === start && space.high === high && space.length === length) return space.text.slice();
      const bytes = space.memory.page(mm.word(keys.argStart))?.bytes;
      // What does not end in a NUL is a title that the process has put in their place.
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
