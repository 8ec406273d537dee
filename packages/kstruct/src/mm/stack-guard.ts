import type { Kernel } from '../kernel/kernel';
import { viewOf } from '../kernel/kernel-struct';
import { layoutOf } from '../kernel/layout';
import type { Vma } from './vma';

/**
 * How many bytes at the start of a mapping `/proc/PID/maps` does not show: the page below a stack that grows down, which
 * older kernels keep inside the mapping as a guard. `before` is the mapping before it in the address space.
 *
 * 0 for every mapping if the profile lacks `vma.stack_guard_page_flag`, and for a mapping that continues the stack below
 * it. Source: `stack_guard_page_start`, earlier `vma_stack_continue`, in include/linux/mm.h, removed by
 * Linux commit 1be7107fbe18 ("mm: larger stack guard gap, between vmas") (in v4.12).
 *
 * @throws OsiError the fault of the page.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const mappings = [...eachVma(kernel, mm, new SkippedLog())];
 * const at = mappings.findIndex((vma) => vma.start <= mm.startStack && mm.startStack < vma.end);
 * const hidden = (info: object) => readStackGuardSize({ ...kernel, info }, mappings[at], mappings[at - 1]);
 * hidden(kernel.info) // => 0
 * hidden({ ...kernel.info, 'vma.stack_guard_page_flag': 0x100 }) // => 4096
 * ```
 */
export function readStackGuardSize(kernel: Kernel, vma: Vma, before: Vma | undefined): number {
  const { stack_guard_page_flag: flag, vm_flags_offset: flags } = layoutOf(kernel.info).vma;
  if (flag === undefined || flags === undefined || (viewOf(vma).u32(flags) & flag) === 0) return 0;
  const continues = before?.end === vma.start && (viewOf(before).u32(flags) & flag) !== 0;
  return continues ? 0 : 2 ** kernel.memory.architecture.pageShift;
}
