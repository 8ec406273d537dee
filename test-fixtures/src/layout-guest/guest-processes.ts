import { type DescriptorsPlan, type FileParts, planFewFiles, planManyFiles } from './guest-descriptors';
import { type MappingsPlan, planMappings } from './guest-mappings';
import type { LeftOut } from './layout-truth';
import { type AddressSpaceLayout, layOutAddressSpace } from './structs/address-space-layout';
import { layOutFdTable } from './structs/fd-table-layout';
import { type TaskLayout, type TaskPlan, TasksLayout } from './structs/task-layout';

/** A process of the guest. */
export interface ProcessPlan {
  readonly kind: 'kernel' | 'user' | 'zombie';
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  /** Names of its further threads, whose ids follow its own. */
  readonly threads?: readonly string[];
  readonly ids?: TaskPlan['ids'];
  /** When it started, in ns. */
  readonly start: bigint;
  readonly exe?: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly root?: string;
  readonly pwd?: string;
  readonly files?: 'few' | 'many';
}

/** A process that was laid out. */
export interface ProcessLayout {
  readonly plan: ProcessPlan;
  /** Its threads, the leader first. */
  readonly tasks: readonly TaskLayout[];
  readonly space: AddressSpaceLayout | undefined;
  readonly mappings: MappingsPlan | undefined;
  readonly descriptors: DescriptorsPlan | undefined;
}

const ROOT_IDS = [0, 0, 0, 0] as const;

/** The processes of the guest, in the order of their start. */
export const PROCESSES: readonly ProcessPlan[] = [
  { kind: 'kernel', pid: 0, ppid: 0, name: 'swapper/0', start: 0n },
  {
    ...{ kind: 'user', pid: 1, ppid: 0, name: 'init', start: 441_995_034n, exe: '/sbin/init', files: 'few' },
    ...{ args: ['/sbin/init', 'splash'], env: ['HOME=/', 'TERM=linux'] },
  },
  { kind: 'kernel', pid: 2, ppid: 0, name: 'kthreadd', start: 441_995_711n },
  { kind: 'kernel', pid: 3, ppid: 2, name: 'kworker/0:0', start: 442_000_002n },
  {
    ...{ kind: 'user', pid: 200, ppid: 1, name: 'worker', threads: ['worker-io', 'worker-gc'] },
    ...{ ids: [1000, 1001, 0, 4294967294], start: 12_345_678_901n, exe: '/usr/bin/worker', files: 'many' },
    ...{ args: ['worker', '--name', '', 'ünï'], env: ['LANG=C', 'EMPTY='], pwd: '/run/user/1000' },
  },
  {
    ...{
      kind: 'user',
      pid: 300,
      ppid: 200,
      name: '15-letters-long',
      start: 98_765_000_000_001n,
      exe: '/bin/sh',
    },
    ...{ args: ['-sh'], env: [], root: '/srv/jail', pwd: '/srv/jail/home', files: 'few' },
  },
  { kind: 'zombie', pid: 400, ppid: 300, name: 'gone', start: 98_766_000_000_000n },
];

/** Lays out the processes. */
export function layOutProcesses(parts: FileParts, left: ReadonlySet<LeftOut>): ProcessLayout[] {
  const { memory, age } = parts;
  const tasks = new TasksLayout(memory, age);
  const laidOut = new Map<number, ProcessLayout>();
  for (const plan of PROCESSES) {
    const parent = laidOut.get(plan.ppid)?.tasks[0]?.address;
    laidOut.set(plan.pid, layOutProcess({ parts, left, tasks, parent }, nameOf(plan, parts)));
  }
  const processes = [...laidOut.values()];
  tasks.linkLeaders(processes.flatMap(({ tasks: [leader] }) => leader ?? []));
  return processes;
}

function nameOf(plan: ProcessPlan, { age }: FileParts): ProcessPlan {
  return plan.pid === 0 ? { ...plan, name: age.idleName } : plan;
}

interface Surroundings {
  readonly parts: FileParts;
  readonly left: ReadonlySet<LeftOut>;
  readonly tasks: TasksLayout;
  readonly parent: bigint | undefined;
}

function layOutProcess({ parts, left, tasks, parent }: Surroundings, plan: ProcessPlan): ProcessLayout {
  const { files } = parts;
  const program = plan.exe === undefined ? undefined : layOutProgram(parts, left, { ...plan, exe: plan.exe });
  const descriptors = planDescriptors(parts, left, plan);
  const common = {
    ...{ tgid: plan.pid, start: plan.start, ids: plan.ids ?? ROOT_IDS },
    ...{ kernelThread: plan.kind === 'kernel', zombie: plan.kind === 'zombie' },
    ...(parent === undefined ? {} : { parent }),
    ...(program === undefined ? {} : { space: program.space }),
    files: layOutFdTable(parts.memory, descriptors?.descriptors ?? []),
    root: files.path(plan.root ?? '/'),
    pwd: files.path(plan.pwd ?? plan.root ?? '/'),
  };
  const { stack = 0n, threadStack = 0n } = program?.mappings ?? {};
  const leader = tasks.create({ ...common, pid: plan.pid, name: plan.name, stackPointer: stack - 64n });
  const threads = (plan.threads ?? []).map((name, index) => {
    const own = { pid: plan.pid + 1 + index, name, leader: leader.address };
    return tasks.create({ ...common, ...own, stackPointer: index === 0 ? threadStack : stack - 128n });
  });
  tasks.linkThreads([leader, ...threads]);
  const { space, mappings } = program ?? { space: undefined, mappings: undefined };
  return { plan, tasks: [leader, ...threads], space, mappings, descriptors };
}

function planDescriptors(
  parts: FileParts,
  left: ReadonlySet<LeftOut>,
  { pid, files }: ProcessPlan,
): DescriptorsPlan | undefined {
  if (files === undefined) return undefined;
  return files === 'few' ? planFewFiles(parts, pid) : planManyFiles(parts, pid, left);
}

function layOutProgram(
  { memory, tree, files, special }: FileParts,
  left: ReadonlySet<LeftOut>,
  { exe, args = [], env = [] }: ProcessPlan & { exe: string },
): { space: AddressSpaceLayout; mappings: MappingsPlan } {
  const open = (path: string) => ({ path, file: tree.file(files.path(path)) });
  const zero = { path: '/dev/zero (deleted)' };
  const shared = left.has('special files') ? undefined : { ...zero, file: tree.file(special.sharedMemory()) };
  const [program, library] = [open(exe), open('/lib/libc-2.13.so')];
  const mappings = planMappings(memory.keys, { exe: program, library, ...(shared && { shared }) });
  return { mappings, space: layOutAddressSpace(memory, { ...mappings, args, env, exe: program.file }) };
}
