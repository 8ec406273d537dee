import { LOWEST_I386_PAGE_OFFSET, START_KERNEL_MAP } from '@osi-linux/core';
import { findKaslrSlide } from '../kaslr-slide';
import type { TypedValue } from '../kernel-info-builder';
import type { ReadSection } from './read-section';

const FOUR_GIB = 1n << 32n;
/** Where canonical addresses of the upper half begin, with 5 and with 4 levels of page tables. */
const UPPER_HALF_LA57 = 0xff00000000000000n;
const UPPER_HALF = 0xffff800000000000n;
const UPPER_HALF_OTHERS = 1n << 63n;

/** Looks for addresses that no kernel of this machine can have, and for those of a known bad extractor. */
export function checkAddresses(section: ReadSection): void {
  for (const typed of section.values.values()) {
    if (typed.row.kind === 'address') checkAddress(section, typed);
  }
  if (section.machine.x86) {
    checkCurrentTask(section);
    checkPerCpuOffsets(section);
  }
  checkSlide(section);
}

function checkAddress({ issues, machine, values }: ReadSection, { row, value, entry }: TypedValue): void {
  if (row.kernelAddress === undefined || typeof value !== 'bigint') return;
  if (value === 0n && row.kernelAddress === 'or-zero') return;
  const levels = values.get('kernel.pgtable_levels')?.value;
  const directMap = row.expression === 'PAGE_OFFSET';
  const expected =
    machine.name === 'x86_64'
      ? expectedOnX86(value, directMap, levels)
      : machine.pointerSize === 4
        ? expectedOf32Bits(value)
        : expectedOfOthers(value, machine.name);
  const misaligned = row.expression !== 'finish_task_switch' && value % 4n !== 0n;
  const wanted = expected ?? (misaligned ? 'a multiple of 4, as the address of a variable' : undefined);
  if (wanted === undefined) return;
  issues.add({
    severity: 'error',
    line: entry.line,
    key: entry.key,
    message: `${entry.key} is 0x${value.toString(16)}, expected ${wanted}`,
    hint: `the name of the section states that its kernel is ${machine.name ?? 'of an unknown machine'}`,
  });
}

function expectedOnX86(value: bigint, directMap: boolean, levels: unknown): string | undefined {
  if (value < (levels === 4 ? UPPER_HALF : UPPER_HALF_LA57)) {
    return 'a canonical address of the upper half, as x86_64 kernels have';
  }
  if (directMap || value >= START_KERNEL_MAP) return undefined;
  return `an address of the kernel's image, 0x${START_KERNEL_MAP.toString(16)} or above`;
}

function expectedOf32Bits(value: bigint): string | undefined {
  if (value === 0n || value >= FOUR_GIB) return 'an address of 32 bits';
  return value < LOWEST_I386_PAGE_OFFSET
    ? `a kernel address, 0x${LOWEST_I386_PAGE_OFFSET.toString(16)} or above`
    : undefined;
}

/** Kernels of these machines live in the upper half; those of others, such as s390x, do not. */
function expectedOfOthers(value: bigint, machine: string | undefined): string | undefined {
  if (value === 0n) return 'an address of the kernel';
  if (machine === undefined || !/^(aarch64|arm64|mips64|ppc64|riscv64)/.test(machine)) return undefined;
  return value < UPPER_HALF_OTHERS ? `an address of the upper half, as ${machine} kernels have` : undefined;
}

/**
 * On x86 the running task is found through a per-CPU variable, which is never `init_task` itself. PANDA's extractor
 * for gdb prints `init_task` for both where it takes the machine `i386` for another than x86.
 */
function checkCurrentTask({ values, issues, machine }: ReadSection): void {
  const current = values.get('task.current_task_addr');
  const init = values.get('task.init_addr');
  if (current === undefined || init === undefined || current.value !== init.value) return;
  const message = `${current.entry.key} equals ${init.entry.key} of line ${init.entry.line}, expected the address of a per-CPU variable`;
  const hint = `on ${machine.name}, current_task is a per-CPU variable, not a task: extract the section again in the guest`;
  issues.add({ severity: 'error', line: current.entry.line, key: current.entry.key, message, hint });
}

/** Without the array, only CPU 0 is found, and its offset depends on how much memory the machine had. */
function checkPerCpuOffsets({ values, issues }: ReadSection): void {
  const offsets = values.get('task.per_cpu_offsets_addr');
  const name = values.get('name')?.value;
  if (offsets?.value !== 0n || typeof name !== 'string' || !/\bSMP\b/.test(name)) return;
  const message = `${offsets.entry.key} is 0 for an SMP kernel: task.per_cpu_offset_0_addr is then valid for only one machine and memory size`;
  const hint =
    'set it to the address of __per_cpu_offset, from the System.map or /proc/kallsyms of this kernel';
  issues.add({ severity: 'warning', line: offsets.entry.line, key: offsets.entry.key, message, hint });
}

/**
 * Sections of this project's module have the keys that find the slide again: there, slid addresses are as
 * they should be.
 */
function checkSlide({ values, issues }: ReadSection): void {
  if (values.has('kernel.swapper_pg_dir_addr')) return;
  const info = Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
  const slide = findKaslrSlide(info);
  const typed = slide === undefined ? undefined : values.get(slide.key);
  if (slide === undefined || typed === undefined) return;
  const { key, line } = typed.entry;
  const message = `${key} is 0x${slide.address.toString(16)}, moved by KASLR: without KASLR it is below 0x${slide.limit.toString(16)}`;
  const hint =
    'the addresses of this section are those of one boot: extract the section again after booting with nokaslr';
  issues.add({ severity: 'warning', line, key, message, hint });
}
