import { attempt, type Cpu, OsiError, type VirtualAddress } from '@osi-linux/core';
import { Task } from '../task/task';
import { validateTask } from '../task/task-plausibility';
import { type Kernel, requireKey } from './kernel';
import { StructView } from './struct-view';

/** More processors than any x86 kernel is built for (CONFIG_NR_CPUS, 8192 with MAXSMP). */
const CPU_LIMIT = 8192;

/**
 * The numbers of the processors that are online, ascending. Corresponds to `__cpu_online_mask`.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile does not say where the mask is, `CPU_COUNT_IMPLAUSIBLE`
 * where the kernel's own count makes no sense.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * readOnlineCpus(kernel) // => [0, 1]
 * ```
 */
export function readOnlineCpus(kernel: Kernel): number[] {
  const { info, memory } = kernel;
  const count = new StructView(memory, requireKey(info, 'cpu.nr_cpu_ids_addr')).u32(0);
  if (count === 0 || count > CPU_LIMIT) {
    throw new OsiError('CPU_COUNT_IMPLAUSIBLE', `nr_cpu_ids is ${count}, expected 1 to ${CPU_LIMIT}`, {
      hint: 'the dump is damaged, or the profile is of another kernel',
      fields: { count },
    });
  }
  const mask = new StructView(memory, requireKey(info, 'cpu.online_mask_addr'));
  const numbers = Array.from({ length: count }, (_, cpu) => cpu);
  const online = numbers.filter((cpu) => (mask.u32((cpu >> 5) * 4) >>> (cpu & 31)) & 1);
  if (online.length > 0) return online;
  throw new OsiError(
    'CPU_COUNT_IMPLAUSIBLE',
    `none of the ${count} processors is online, expected at least one`,
    {
      hint: 'the dump is damaged, or the profile is of another kernel',
      fields: { count },
    },
  );
}

/**
 * Whether a processor is one of {@link readOnlineCpus}; false also where the kernel's own count makes no sense.
 *
 * @throws OsiError `PROFILE_KEY_MISSING`, or the fault of a page.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * [0, 1, 2].map((cpu) => isCpuOnline(kernel, cpu)) // => [true, true, false]
 * ```
 */
export function isCpuOnline(kernel: Kernel, cpu: number): boolean {
  const { info, memory } = kernel;
  const count = new StructView(memory, requireKey(info, 'cpu.nr_cpu_ids_addr')).u32(0);
  if (!Number.isInteger(cpu) || cpu < 0 || cpu >= count || count > CPU_LIMIT) return false;
  const mask = new StructView(memory, requireKey(info, 'cpu.online_mask_addr'));
  return ((mask.u32((cpu >> 5) * 4) >>> (cpu & 31)) & 1) === 1;
}

/**
 * The numbers of the processors that have been started, ascending, for a profile that does not say where the mask of those
 * online is: 0, and each further one of `__per_cpu_offset` whose `current_task` is no longer `init_task`, with which every
 * area begins, but a task of its own. It ends at the first that was not started.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile lacks `task.current_task_addr`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * findStartedCpus(kernel) // => [0, 1]
 * ```
 */
export function findStartedCpus(kernel: Kernel): number[] {
  const { info } = kernel;
  const numbers = [0];
  const variable = requireKey(info, 'task.current_task_addr');
  const table = info['task.per_cpu_offsets_addr'];
  if (table === undefined || table === 0n || variable === info['task.init_addr']) return numbers;
  const areas = new Set<VirtualAddress>();
  for (let cpu = 0; cpu < CPU_LIMIT; cpu += 1) {
    const area = attempt(
      () => readPerCpuOffset(kernel, cpu),
      () => 0n,
    );
    if (areas.has(area) || (cpu > 0 && !hasOwnTask(kernel, cpu))) break;
    areas.add(area);
    if (cpu > 0) numbers.push(cpu);
  }
  return numbers;
}

function hasOwnTask(kernel: Kernel, cpu: number): boolean {
  return attempt(
    () => {
      const task = currentByVariable(kernel, cpu);
      validateTask(kernel, task);
      return task !== kernel.info['task.init_addr'];
    },
    () => false,
  );
}

/**
 * Where a processor keeps its per-CPU variables: the offset that is added to their addresses.
 *
 * Read from the guest; the constant of the profile serves processor 0 where the table's address is unknown.
 * Corresponds to `__per_cpu_offset[cpu]`.
 *
 * @throws OsiError the fault of the page, or `PROFILE_KEY_MISSING`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * readPerCpuOffset(kernel, 0) === kernel.info['task.per_cpu_offset_0_addr'] // => true
 * ```
 */
export function readPerCpuOffset(kernel: Kernel, cpu: number): VirtualAddress {
  const { info, memory } = kernel;
  const table = info['task.per_cpu_offsets_addr'];
  if (table !== undefined && table !== 0n) {
    return new StructView(memory, table).word(cpu * memory.architecture.wordSize);
  }
  if (cpu === 0) return requireKey(info, 'task.per_cpu_offset_0_addr');
  return requireKey(info, 'task.per_cpu_offsets_addr');
}

/**
 * The processor of a source that the kernel counts as `cpu`: the one whose registers have the base of that per-CPU area, as
 * sources count in another order. `undefined` if none has, and where the kernel has no such areas.
 *
 * @throws OsiError the fault of the page, or `PROFILE_KEY_MISSING`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * findCpu(kernel, [{ index: 0, registers: { gs_base: readPerCpuOffset(kernel, 1) } }], 1)?.index // => 0
 * findCpu(kernel, [], 1) // => undefined
 * ```
 */
export function findCpu(kernel: Kernel, cpus: readonly Cpu[], cpu: number): Cpu | undefined {
  const area = readPerCpuOffset(kernel, cpu);
  if (area === 0n) return undefined;
  const { architecture } = kernel.memory;
  return cpus.find((candidate) => architecture.perCpuBases(candidate).includes(area));
}

/**
 * The thread that runs on a processor: an idle one runs `swapper/N`, pid 0. Corresponds to `current_task`.
 *
 * `cpus` are the processors of the source, for architectures on which registers lead to the task.
 *
 * @throws OsiError the fault of the page, `STRUCT_IMPLAUSIBLE` where it points at no task, or `PROFILE_KEY_MISSING`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * findCurrentTask(kernel, 1).comm // => 'spin thread 1'
 * ```
 */
export function findCurrentTask(kernel: Kernel, cpu: number, cpus: readonly Cpu[] = []): Task {
  const task = currentByRegisters(kernel, cpu, cpus) ?? currentByVariable(kernel, cpu);
  validateTask(kernel, task);
  return new Task(kernel, task);
}

function currentByRegisters(kernel: Kernel, cpu: number, cpus: readonly Cpu[]): VirtualAddress | undefined {
  const { architecture } = kernel.memory;
  if (architecture.currentTask === undefined) return undefined;
  const owner = findCpu(kernel, cpus, cpu) ?? cpus[cpu];
  return owner && architecture.currentTask(owner);
}

function currentByVariable(kernel: Kernel, cpu: number): VirtualAddress {
  const { info, memory } = kernel;
  const variable = readPerCpuOffset(kernel, cpu) + requireKey(info, 'task.current_task_addr');
  const bits = memory.architecture.wordSize * 8;
  return new StructView(memory, BigInt.asUintN(bits, variable)).word(0);
}
