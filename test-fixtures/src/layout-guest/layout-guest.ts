import { type CoreRegisters, segmentsOfPages, writeElfCore } from '../dump-writers';
import { type FileParts, findLeftOut } from './guest-descriptors';
import { layOutFiles } from './guest-files';
import { GuestMemory } from './guest-memory';
import { layOutProcesses, type ProcessLayout } from './guest-processes';
import { readTruth } from './guest-truth';
import type { LayoutTruth } from './layout-truth';
import { ageOf } from './linux-age';
import type { SectionKeys } from './section-keys';
import { FileTreeLayout } from './structs/file-tree-layout';
import { writeKernelName } from './structs/kernel-name';
import { hasLogKeys, layOutLog } from './structs/log-layout';
import { LOG } from './structs/log-records';
import { layOutModules, MODULES, type ModulePlan } from './structs/module-layout';
import { hasPidKeys, layOutPids } from './structs/pid-layout';
import {
  layOutProcessors,
  type ProcessorPlan,
  processorCount,
  reserveProcessors,
} from './structs/processors-layout';
import { SocketsLayout } from './structs/socket-layout';
import { SpecialFilesLayout } from './structs/special-files-layout';

/** A guest that was laid out by a section: its dump, and what it is doing. */
export interface LayoutGuest {
  /** An ELF core with the registers of its processors. */
  readonly dump: Uint8Array;
  readonly truth: LayoutTruth;
}

/** More bytes than any variable of the kernel that a section names has, but for `init_task`. */
const VARIABLE_SIZE = 1024;
const RUNNING = [
  { tid: 201, mode: 'user' },
  { tid: 3, mode: 'kernel' },
] as const;

/**
 * Lays out a guest in the layout of a section: processes of every kind, with mappings, files, mounts, sockets, modules,
 * and the log of its age. Nothing of it is written or read by the project's own readers.
 */
export function layOutGuest(keys: SectionKeys): LayoutGuest {
  const memory = new GuestMemory(keys);
  const age = ageOf(keys);
  reserveVariables(memory);
  const tree = new FileTreeLayout(memory, age);
  const special = new SpecialFilesLayout(tree, memory, age);
  const files = layOutFiles(tree);
  const parts: FileParts = {
    memory,
    age,
    tree,
    special,
    files,
    sockets: new SocketsLayout(memory, tree, special),
  };
  const left = findLeftOut(parts);
  if (!hasLogKeys(memory)) left.add('log');
  if (!hasPidKeys(memory)) left.add('ids');
  const processes = layOutProcesses(parts, left);
  layOutPids(
    memory,
    age,
    processes.flatMap(({ tasks }) => tasks),
  );
  const plans = planModules(memory);
  const modules = layOutModules(memory, plans);
  layOutLog(memory, LOG);
  writeKernelName(memory);
  const processors = planProcessors(memory, processes);
  const registers = layOutProcessors(memory, processors);
  memory.finish();
  const truth = readTruth({
    keys,
    processes,
    processors,
    files,
    left,
    modules: { plans, addresses: modules },
  });
  return { dump: writeDump(memory, registers), truth };
}

function reserveVariables(memory: GuestMemory): void {
  const { keys } = memory;
  for (const { key, address } of keys.addresses) {
    if (key.startsWith('task.per_cpu_offset_0') || key.startsWith('task.current_task')) continue;
    const size = key === 'task.init_addr' ? keys.sizeOf('task') : VARIABLE_SIZE;
    memory.reserve(address, Math.max(size, VARIABLE_SIZE));
  }
  reserveProcessors(memory);
}

/** Modules whose state the section cannot tell from a living one's are left out. */
function planModules({ keys, wordSize }: GuestMemory): ModulePlan[] {
  const start = wordSize === 4 ? 0xf8a00000n : 0xffffffffa0000000n;
  if (!keys.has('module.modules_addr')) return [];
  const known = MODULES.filter(({ state }) => state < 3 || keys.has('module.MODULE_STATE_UNFORMED'));
  return known.map((plan, index) => ({ ...plan, base: start + BigInt(index) * 0x20000n }));
}

function planProcessors(memory: GuestMemory, processes: readonly ProcessLayout[]): ProcessorPlan[] {
  return RUNNING.slice(0, processorCount(memory)).map(({ tid, mode }) => {
    for (const { tasks, space } of processes) {
      const task = tasks.find(({ plan }) => plan.pid === tid);
      if (task !== undefined) return { task, mode, cr3: space?.asid ?? memory.tables.root };
    }
    throw new Error(`no thread ${tid} was laid out`);
  });
}

function writeDump({ physical, wordSize }: GuestMemory, cpus: readonly CoreRegisters[]): Uint8Array {
  const pages = physical.ranges.flatMap(({ start, end }) =>
    Array.from({ length: (end - start) / 4096 }, (_, index) => {
      const frame = start / 4096 + index;
      return [frame, physical.page(frame)?.bytes ?? new Uint8Array(4096)] as const;
    }),
  );
  const machine = wordSize === 4 ? 'i386' : 'x86_64';
  return writeElfCore({ segments: segmentsOfPages(pages), cpus, machine });
}
