import { I386_PAGE_OFFSET, START_KERNEL_MAP } from '@osi-linux/core';
import type { KernelInfo, KernelInfoKey } from '../schema/schema';
import { findMachine } from './machine';

/** An address of a section that only a kernel moved by KASLR has. */
export interface KaslrSlide {
  /** The key of the address: the first of the section's that gives the slide away. */
  readonly key: KernelInfoKey;
  /** The address, virtual. */
  readonly address: bigint;
  /** The addresses of a kernel that was not moved lie below, virtual. */
  readonly limit: bigint;
}

/** Bytes from the start of the window within which an image lies that was not moved. */
const UNMOVED_WINDOW = 0x4000000n;
const X86_64_LIMIT = START_KERNEL_MAP + UNMOVED_WINDOW;
const I386_LIMIT = I386_PAGE_OFFSET + UNMOVED_WINDOW;
/** The order in which a section is searched: data of the image itself, in the order in which it is written. */
const KEYS: readonly KernelInfoKey[] = [
  'task.init_addr',
  'task.per_cpu_offsets_addr',
  'task.switch_task_hook_addr',
];

/**
 * Finds the address of an x86 section that shows that KASLR had moved its kernel; `undefined` if none does.
 *
 * An x86_64 kernel is linked at 0xffffffff81000000, one of 32 bits at 0xc1000000 (CONFIG_PHYSICAL_START is 16 MiB),
 * and its text and data, as distributions build it, take less than 48 MiB behind. KASLR moves it up by a multiple of
 * CONFIG_PHYSICAL_ALIGN, 2 MiB, so an address of 0xffffffff84000000 or 0xc4000000 and above is slid. The
 * reverse does not hold: a slide of a few MiB cannot be distinguished from a larger kernel, and is not
 * reported.
 *
 * A section of this project's module is expected to be slid: it has keys that lead to the kernel all the same.
 *
 * @example
 * ```ts
 * const name = '5.10.0-46-amd64|#1 SMP|x86_64';
 * findKaslrSlide({ name, 'task.init_addr': 0xffffffffb1c13940n })?.key // => 'task.init_addr'
 * findKaslrSlide({ name, 'task.init_addr': 0xffffffff82613780n }) // => undefined
 * ```
 */
export function findKaslrSlide(info: KernelInfo): KaslrSlide | undefined {
  const machine = findMachine(info['name'], info['task.init_addr']);
  if (!machine.x86) return undefined;
  const is64Bit = machine.name === 'x86_64';
  const [image, limit, end] = is64Bit
    ? [START_KERNEL_MAP, X86_64_LIMIT, 1n << 64n]
    : [I386_PAGE_OFFSET, I386_LIMIT, 1n << 32n];
  for (const key of KEYS) {
    const address = info[key];
    if (typeof address !== 'bigint' || address < image || address >= end) continue;
    if (address >= limit) return { key, address, limit };
  }
  return undefined;
}
