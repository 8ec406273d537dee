import type { Architecture } from '@osi-linux/core';
import { FakeVirtualMemory } from './fake-virtual-memory';

/** The fields of a made-up task. */
export interface FakeTask {
  readonly pid: number;
  readonly ppid?: number;
  readonly comm: string;
  /** Names of further threads; they get the pids after the leader's. */
  readonly threads?: readonly string[];
  /** Arguments of a user process; a task without them is a kernel thread. */
  readonly args?: readonly string[];
}

const BASE = 0xffff888000000000n;
const TASK_SPACING = 0x3000n;
const ARGS = 0x7ffd00001000n;

/**
 * Lays out a small kernel of its own design in fake memory: tasks that span pages, credentials, address spaces.
 * `info` is its profile, in the keys of kernelinfo.conf.
 */
export class FakeKernel {
  readonly memory: FakeVirtualMemory;
  readonly info = {
    'task.init_addr': BASE,
    'task.size': 0x2800,
    'task.tasks_offset': 0x10f0,
    'task.pid_offset': 0x800,
    'task.tgid_offset': 0x804,
    'task.group_leader_offset': 0x810,
    'task.real_parent_offset': 0x818,
    'task.thread_group_offset': 0x900,
    'task.thread_node_offset': 0x910,
    'task.signal_offset': 0x820,
    'signal.thread_head_offset': 0x10,
    'task.mm_offset': 0x830,
    'task.real_cred_offset': 0x838,
    'task.comm_offset': 0x840,
    'task.comm_size': 16,
    'task.start_time_offset': 0x858,
    'task.flags_offset': 0x2c,
    'task.PF_KTHREAD': 0x200000,
    'cred.uid_offset': 4,
    'cred.gid_offset': 8,
    'cred.euid_offset': 20,
    'cred.egid_offset': 24,
    'mm.pgd_offset': 0x48,
    'mm.arg_start_offset': 0x100,
    'mm.arg_end_offset': 0x108,
    'mm.env_start_offset': 0x110,
    'mm.env_end_offset': 0x118,
    'task.per_cpu_offsets_addr': BASE + 0x800000n,
    'task.current_task_addr': 0x40n,
    'cpu.nr_cpu_ids_addr': BASE + 0x801000n,
    'cpu.online_mask_addr': BASE + 0x801010n,
  } as const;
  private readonly tasks = new Map<number, bigint>();
  private next = BASE;

  constructor(tasks: readonly FakeTask[], architecture?: Architecture) {
    this.memory = new FakeVirtualMemory(architecture);
    for (const task of tasks) this.place(task);
    this.linkRing([...tasks].map(({ pid }) => this.task(pid) + BigInt(this.info['task.tasks_offset'])));
  }

  /** Address of a task's `task_struct`. */
  task(pid: number): bigint {
    const address = this.tasks.get(pid);
    if (address === undefined) throw new Error(`no fake task has the pid ${pid}`);
    return address;
  }

  /** Makes processors run tasks. */
  run(pids: readonly number[]): void {
    pids.forEach((pid, cpu) => {
      const area = BASE + 0x900000n + BigInt(cpu) * 0x1000n;
      this.memory.writeWord(this.info['task.per_cpu_offsets_addr'] + BigInt(cpu * 8), area);
      this.memory.writeWord(area + this.info['task.current_task_addr'], this.task(pid));
    });
    this.memory.writeInt(this.info['cpu.nr_cpu_ids_addr'], pids.length);
    this.memory.writeInt(this.info['cpu.online_mask_addr'], 2 ** pids.length - 1);
  }

  private place(task: FakeTask): void {
    const names = [task.comm, ...(task.threads ?? [])];
    const addresses = names.map((name, index) => this.placeTask(task, name, task.pid + index));
    const signal = (addresses[0] as bigint) + 0x2700n;
    const head = signal + BigInt(this.info['signal.thread_head_offset']);
    for (const address of addresses)
      this.memory.writeWord(address + BigInt(this.info['task.signal_offset']), signal);
    this.linkRing([
      head,
      ...addresses.map((address) => address + BigInt(this.info['task.thread_node_offset'])),
    ]);
    this.linkRing(addresses.map((address) => address + BigInt(this.info['task.thread_group_offset'])));
  }

  private placeTask(task: FakeTask, comm: string, tid: number): bigint {
    const { info, memory } = this;
    const address = this.next;
    this.next += TASK_SPACING;
    this.tasks.set(tid, address);
    const at = (key: keyof typeof info) => address + BigInt(info[key]);
    memory.writeInt(at('task.pid_offset'), tid);
    memory.writeInt(at('task.tgid_offset'), task.pid);
    memory.writeWord(at('task.group_leader_offset'), this.task(task.pid));
    memory.writeWord(at('task.real_parent_offset'), this.task(task.ppid ?? 0));
    memory.writeText(at('task.comm_offset'), comm);
    memory.writeWord(at('task.start_time_offset'), BigInt(tid) * 1_000_000n);
    memory.writeInt(at('task.flags_offset'), task.args === undefined ? info['task.PF_KTHREAD'] : 0);
    memory.writeWord(at('task.mm_offset'), task.args === undefined ? 0n : this.placeMm(task, task.args));
    memory.writeWord(at('task.real_cred_offset'), address + 0x2600n);
    memory.writeInt(address + 0x2600n + BigInt(info['cred.uid_offset']), tid + 1000);
    memory.writeInt(address + 0x2600n + BigInt(info['cred.egid_offset']), -2);
    return address;
  }

  private placeMm(task: FakeTask, args: readonly string[]): bigint {
    const { info, memory } = this;
    const address = BASE + 0x1000000n + BigInt(task.pid) * 0x2000n;
    const pgd = address + 0x1000n;
    const end = ARGS + BigInt(args.reduce((sum, arg) => sum + arg.length + 1, 0));
    memory.writeWord(address + BigInt(info['mm.pgd_offset']), pgd);
    memory.writeWord(address + BigInt(info['mm.arg_start_offset']), ARGS);
    memory.writeWord(address + BigInt(info['mm.arg_end_offset']), end);
    memory.writeWord(address + BigInt(info['mm.env_start_offset']), end);
    memory.writeWord(address + BigInt(info['mm.env_end_offset']), end + 64n);
    memory.writeWord(pgd, 0n);
    const user = new FakeVirtualMemory(memory.architecture);
    user.writeText(ARGS, args.join('\0'));
    memory.spaces.set(memory.translate(pgd) ?? 0, user);
    return address;
  }

  private linkRing(nodes: readonly bigint[]): void {
    nodes.forEach((node, index) => {
      this.memory.writeWord(node, nodes[(index + 1) % nodes.length] as bigint);
      this.memory.writeWord(node + 8n, nodes[(index + nodes.length - 1) % nodes.length] as bigint);
    });
  }
}
