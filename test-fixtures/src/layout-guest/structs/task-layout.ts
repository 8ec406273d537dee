import type { GuestMemory } from '../guest-memory';
import type { LinuxAge } from '../linux-age';
import type { AddressSpaceLayout } from './address-space-layout';
import type { PathLayout } from './file-tree-layout';
import { allocateStruct, GuestStruct, linkRing } from './guest-struct';

/** A thread to lay out. */
export interface TaskPlan {
  readonly pid: number;
  readonly tgid: number;
  readonly name: string;
  /** The process's parent, a `task_struct`, virtual; its own for pid 0. */
  readonly parent?: bigint;
  readonly leader?: bigint;
  /** When it started, in ns. */
  readonly start: bigint;
  /** uid, gid, euid, egid. */
  readonly ids: readonly [number, number, number, number];
  readonly kernelThread?: boolean;
  readonly zombie?: boolean;
  readonly space?: AddressSpaceLayout;
  /** The address space that a kernel thread has borrowed. */
  readonly borrowed?: AddressSpaceLayout;
  /** The stack pointer of its program. */
  readonly stackPointer?: bigint;
  /** The `files_struct`, virtual. */
  readonly files?: bigint;
  readonly root?: PathLayout;
  readonly pwd?: PathLayout;
}

/** A thread that was laid out. */
export interface TaskLayout {
  /** The `task_struct`, virtual. */
  readonly address: bigint;
  readonly plan: TaskPlan;
}

const PF_KTHREAD = 0x00200000;
const EXIT_ZOMBIE = 0x20;
const NS_PER_SECOND = 1_000_000_000n;

/** Lays out tasks and links them in their lists. */
export class TasksLayout {
  private readonly memory: GuestMemory;
  private readonly age: LinuxAge;

  constructor(memory: GuestMemory, age: LinuxAge) {
    this.memory = memory;
    this.age = age;
  }

  /** A thread; pid 0 lies at `task.init_addr`. */
  create(plan: TaskPlan): TaskLayout {
    const { memory } = this;
    const { keys } = memory;
    const size = Math.max(keys.findNumber('task.size') ?? 0, keys.sizeOf('task'));
    const address = plan.pid === 0 ? keys.address('task.init_addr') : memory.allocate(size);
    const struct = new GuestStruct(memory, address);
    this.writeIdentity(struct, plan);
    this.writeSpace(struct, plan);
    this.writeStack(struct, plan);
    const fs = plan.root === undefined || plan.zombie ? 0n : this.fsStruct(plan.root, plan.pwd ?? plan.root);
    struct.word('task.files_offset', plan.zombie ? 0n : (plan.files ?? 0n)).word('task.fs_offset', fs);
    return { address, plan };
  }

  /** Links the leaders in `tasks`, pid 0 first. */
  linkLeaders(leaders: readonly TaskLayout[]): void {
    linkRing(this.memory, this.nodes(leaders, 'task.tasks_offset'));
  }

  /** Links the threads of a process, its leader first, by both of the lists that there are. */
  linkThreads(threads: readonly TaskLayout[]): void {
    const { memory } = this;
    const { keys } = memory;
    const signal = allocateStruct(memory, 'signal');
    for (const { address } of threads)
      new GuestStruct(memory, address).word('task.signal_offset', signal.address);
    if (keys.has('task.thread_group_offset')) this.linkGroup(threads);
    if (!keys.has('signal.thread_head_offset', 'task.thread_node_offset')) return;
    const head = signal.at('signal.thread_head_offset');
    linkRing(memory, [head, ...this.nodes(threads, 'task.thread_node_offset')]);
  }

  private linkGroup(threads: readonly TaskLayout[]): void {
    const { memory } = this;
    const ring = this.nodes(threads, 'task.thread_group_offset');
    if (threads[0]?.plan.pid !== 0 || this.age.linksThreadsOfIdle) linkRing(memory, ring);
    else for (const node of ring) memory.writeBytes(node, new Uint8Array(2 * memory.wordSize));
  }

  private nodes(tasks: readonly TaskLayout[], key: string): bigint[] {
    return tasks.map(({ address }) => new GuestStruct(this.memory, address).at(key));
  }

  private writeIdentity(struct: GuestStruct, plan: TaskPlan): void {
    const { memory } = this;
    const parent = plan.parent ?? struct.address;
    const name = new Uint8Array(memory.keys.number('task.comm_size'));
    name.set(new TextEncoder().encode(plan.name).subarray(0, name.length - 1));
    struct
      .int('task.usage_offset', 2)
      .int('task.flags_offset', (plan.kernelThread ? PF_KTHREAD : 0) | 0x40)
      .int('task.pid_offset', plan.pid)
      .int('task.tgid_offset', plan.tgid)
      .word('task.group_leader_offset', plan.leader ?? struct.address)
      .word('task.real_parent_offset', parent)
      .word('task.parent_offset', parent)
      .int('task.exit_state_offset', plan.zombie ? EXIT_ZOMBIE : 0)
      .bytes('task.comm_offset', name);
    this.writeStart(struct, plan.start);
    const cred = this.cred(plan.ids);
    struct.word('task.real_cred_offset', cred).word('task.cred_offset', cred);
  }

  private writeStart(struct: GuestStruct, start: bigint): void {
    const { memory } = this;
    if (!memory.keys.has('task.start_time_offset')) return;
    const at = struct.at('task.start_time_offset');
    if (this.age.startTime === 'nanoseconds') memory.writeInt(at, start, 8);
    else {
      memory.writeWord(at, start / NS_PER_SECOND);
      memory.writeWord(at + BigInt(memory.wordSize), start % NS_PER_SECOND);
    }
  }

  private cred([uid, gid, euid, egid]: TaskPlan['ids']): bigint {
    return allocateStruct(this.memory, 'cred')
      .int('cred.usage_offset', 3)
      .int('cred.uid_offset', uid)
      .int('cred.gid_offset', gid)
      .int('cred.euid_offset', euid)
      .int('cred.egid_offset', egid).address;
  }

  private writeSpace(struct: GuestStruct, { space, borrowed, zombie }: TaskPlan): void {
    const mm = zombie ? 0n : (space?.mm ?? 0n);
    struct.word('task.mm_offset', mm).word('task.active_mm_offset', space?.mm ?? borrowed?.mm ?? 0n);
  }

  /** The kernel stack, where the section knows where a program's stack pointer is kept. */
  private writeStack(struct: GuestStruct, { stackPointer = 0n }: TaskPlan): void {
    const { memory } = this;
    const registers = memory.keys.findNumber('task.stack_sp_offset');
    if (registers === undefined) return;
    const stack = memory.allocate(registers + 64);
    new GuestStruct(memory, stack).int('thread_info.flags_offset', 0);
    memory.writeWord(stack + BigInt(registers), stackPointer);
    struct.word('task.stack_offset', stack).word('task.usersp_offset', stackPointer);
  }

  private fsStruct(root: PathLayout, pwd: PathLayout): bigint {
    return allocateStruct(this.memory, 'fs_struct')
      .int('fs_struct.users_offset', 1)
      .word('fs_struct.root_mnt_offset', root.mount.address)
      .word('fs_struct.root_dentry_offset', root.entry.address)
      .word('fs_struct.pwd_mnt_offset', pwd.mount.address)
      .word('fs_struct.pwd_dentry_offset', pwd.entry.address).address;
  }
}
