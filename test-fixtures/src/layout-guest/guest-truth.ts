import type { GuestFiles } from './guest-files';
import { mappingRows } from './guest-mappings';
import type { ProcessLayout } from './guest-processes';
import type {
  EnvironmentTruth,
  LayoutTruth,
  LeftOut,
  MappingTruth,
  ModuleTruth,
  ProcessTruth,
  ThreadTruth,
} from './layout-truth';
import type { SectionKeys } from './section-keys';
import { LOG } from './structs/log-records';
import type { ModulePlan } from './structs/module-layout';
import type { ProcessorPlan } from './structs/processors-layout';

/** What was laid out. */
export interface LaidOut {
  readonly keys: SectionKeys;
  readonly processes: readonly ProcessLayout[];
  readonly processors: readonly ProcessorPlan[];
  readonly files: GuestFiles;
  readonly left: ReadonlySet<LeftOut>;
  readonly modules: { readonly plans: readonly ModulePlan[]; readonly addresses: readonly bigint[] };
}

const UNFORMED = 3;

/** The rows of each listing for what was laid out. */
export function readTruth(laidOut: LaidOut): LayoutTruth {
  const { keys, processes, processors, left } = laidOut;
  const shown = processes.filter(({ plan }) => plan.pid !== 0);
  return {
    processes: processes.map((process) => processRow(keys, process)),
    threads: shown.flatMap(threadRows),
    current: processors.map(({ task, mode }, cpu) => {
      const process = processes.find(({ tasks }) => tasks.includes(task));
      return { cpu, ...threadRow(task), asid: process?.space?.asid ?? null, mode };
    }),
    mappings: shown.flatMap((process) => mappingRowsOf(keys, process)),
    files: shown.flatMap(({ descriptors }) => descriptors?.files ?? []).sort(byDescriptor),
    sockets: shown.flatMap(({ descriptors }) => descriptors?.sockets ?? []),
    modules: moduleRows(laidOut),
    mounts: mountRows(laidOut),
    environments: shown.map(environmentRow),
    log: left.has('log')
      ? []
      : LOG.map(({ time, level, text }) => ({ time: Number(time) / 1e9, level, text })),
    heaps: new Map(
      shown.flatMap(({ plan, mappings }) => (mappings === undefined ? [] : [[plan.pid, mappings.heap]])),
    ),
    leftOut: [...left],
  };
}

function byDescriptor(one: { pid: number; fd: number }, other: { pid: number; fd: number }): number {
  return one.pid - other.pid || one.fd - other.fd;
}

function processRow(keys: SectionKeys, { plan, tasks, space }: ProcessLayout): ProcessTruth {
  const [uid, gid, euid, egid] = plan.ids ?? [0, 0, 0, 0];
  const isKnown = keys.has('mm.arg_end_offset');
  return {
    ...{ taskd: tasks[0]?.address ?? 0n, pid: plan.pid, ppid: plan.ppid, name: plan.name },
    createTime: keys.has('task.start_time_offset') ? plan.start : null,
    kernelThread: plan.kind === 'kernel',
    ...{ pgd: space?.pgd ?? null, asid: space?.asid ?? null },
    cmdline: space === undefined ? [] : isKnown ? (plan.args ?? []) : null,
    ...{ uid, gid, euid, egid },
  };
}

function threadRow({ address, plan }: ProcessLayout['tasks'][number]): ThreadTruth {
  return { pid: plan.tgid, tid: plan.pid, name: plan.name, taskd: address };
}

function threadRows({ tasks }: ProcessLayout): ThreadTruth[] {
  return tasks.map(threadRow);
}

function mappingRowsOf(keys: SectionKeys, { plan, tasks, mappings, space }: ProcessLayout): MappingTruth[] {
  if (mappings === undefined || space === undefined) return [];
  const namesThreads = keys.findNumber('vma.thread_stacks_in_process') === 1;
  return mappingRows(plan.pid, mappings, space, namesThreads ? tasks[1]?.plan.pid : undefined);
}

function moduleRows({ modules: { plans, addresses } }: LaidOut): ModuleTruth[] {
  return plans.flatMap(({ name, base, coreSize, initSize, state }, index) =>
    state === UNFORMED ? [] : [{ name, base, size: coreSize + initSize, modd: addresses[index] ?? 0n }],
  );
}

/** The overlay is mounted besides where there is one. */
function mountRows({ files, processes }: LaidOut): LayoutTruth['mounts'] {
  const hasOverlay = processes.some(({ descriptors }) =>
    descriptors?.files.some(({ filename }) => filename === '/mnt/far/merged'),
  );
  const overlay = {
    id: 40,
    parent: 26,
    root: '/',
    mountpoint: '/mnt/far',
    fstype: 'overlay',
    source: 'overlay',
  };
  return hasOverlay ? [...files.mounts, overlay] : files.mounts;
}

function environmentRow({ plan, space }: ProcessLayout): EnvironmentTruth {
  const { pid, env = [], root = '/', pwd = root, exe } = plan;
  if (plan.kind === 'zombie') return { pid, env: [], cwd: null, root: null, exe: null };
  return { pid, env: space === undefined ? [] : env, cwd: pwd, root, exe: exe ?? null };
}
