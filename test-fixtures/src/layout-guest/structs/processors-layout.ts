import type { CoreRegisters } from '../../dump-writers';
import type { GuestMemory } from '../guest-memory';
import type { TaskLayout } from './task-layout';

/** How far apart the per-CPU areas of two processors are. */
const AREA = 0x100000n;
const CR0_PAGING = 0x80000001n;
const CR4_PSE = 0x10n;
const CR4_PAE = 0x20n;
const CR4_LA57 = 0x1000n;
const KERNEL_CS = { 4: 0x60n, 8: 0x10n } as const;
const USER_CS = { 4: 0x73n, 8: 0x33n } as const;
/** Bytes behind `pcpu_hot` or `current_task` that are kept free. */
const VARIABLE = 64;

/** A processor and its thread. */
export interface ProcessorPlan {
  readonly task: TaskLayout;
  readonly mode: 'kernel' | 'user';
  /** The page tables in CR3, physical. */
  readonly cr3: number;
}

/** How many processors the layout can have: one where the section knows the area of the first alone. */
export function processorCount({ keys }: GuestMemory): 1 | 2 {
  return keys.has('task.per_cpu_offsets_addr') && keys.address('task.per_cpu_offsets_addr') !== 0n ? 2 : 1;
}

/** Makes room for `current_task` of each processor, before anything else is allocated. */
export function reserveProcessors(memory: GuestMemory): void {
  for (let cpu = 0; cpu < processorCount(memory); cpu += 1) memory.reserve(variableOf(memory, cpu), VARIABLE);
}

/** Lays out the per-CPU areas and the masks of processors; the registers of each. */
export function layOutProcessors(memory: GuestMemory, processors: readonly ProcessorPlan[]): CoreRegisters[] {
  const { keys, wordSize } = memory;
  if (processorCount(memory) === 2) {
    const table = keys.address('task.per_cpu_offsets_addr');
    for (const cpu of processors.keys())
      memory.writeWord(table + BigInt(cpu * wordSize), areaOf(memory, cpu));
  }
  if (keys.has('cpu.nr_cpu_ids_addr'))
    memory.writeInt(keys.address('cpu.nr_cpu_ids_addr'), processors.length);
  if (keys.has('cpu.online_mask_addr'))
    memory.writeInt(keys.address('cpu.online_mask_addr'), 2 ** processors.length - 1);
  return processors.map(({ task, mode, cr3 }, cpu) => {
    memory.writeWord(variableOf(memory, cpu), task.address);
    return registersOf(memory, { mode, cr3, area: areaOf(memory, cpu) });
  });
}

function areaOf({ keys }: GuestMemory, cpu: number): bigint {
  return keys.address('task.per_cpu_offset_0_addr') + BigInt(cpu) * AREA;
}

function variableOf(memory: GuestMemory, cpu: number): bigint {
  const sum = areaOf(memory, cpu) + memory.keys.address('task.current_task_addr');
  return BigInt.asUintN(memory.wordSize * 8, sum);
}

function registersOf(
  { wordSize, form, keys }: GuestMemory,
  { mode, cr3, area }: { mode: 'kernel' | 'user'; cr3: number; area: bigint },
): CoreRegisters {
  const inUser = mode === 'user';
  const base = wordSize === 4 ? { fs_base: area } : inUser ? { kernel_gs_base: area } : { gs_base: area };
  return {
    cr0: CR0_PAGING,
    cr3: BigInt(cr3),
    cr4: CR4_PSE | (form === 'i386' ? 0n : CR4_PAE) | (form === '5-level' ? CR4_LA57 : 0n),
    cs: (inUser ? USER_CS : KERNEL_CS)[wordSize],
    rip: inUser ? 0x8048100n : keys.address('task.init_addr'),
    ...base,
  };
}
