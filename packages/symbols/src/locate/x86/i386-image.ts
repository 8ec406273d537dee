import { formatAddress, I386_IMAGE_REACH, type PhysicalMemory, type VirtualAddress } from '@osi-linux/core';
import type { AddressSpace } from '@osi-linux/x86-mmu';
import { PagedRanges } from '../../internal/paged-ranges';
import { findImageStart } from '../../tables/kallsyms';
import { findPageOffset } from './direct-map';
import { type Image, imageInDirectMap } from './image';

/** Images are put below this much RAM: KERNEL_IMAGE_SIZE of 32 bits, Linux arch/x86/include/asm/page_32_types.h. */
const IMAGES_END = 512 * 1024 * 1024;

/**
 * The image of a 32-bit kernel without VMCOREINFO: it is in the direct map, and its own symbols give its
 * start.
 *
 * They are looked for behind a handler of interrupts, which is in its text; else before its top table, which is in its
 * data; else wherever images are put.
 */
export function findI386Image(
  memory: PhysicalMemory,
  tables: AddressSpace,
  handler: VirtualAddress | undefined,
): Image | undefined {
  const source = new PagedRanges(memory, tables);
  const mapBase = findPageOffset(tables, handler === undefined ? undefined : tables.translate(handler));
  if (mapBase === undefined) return undefined;
  const root = mapBase + BigInt(tables.root);
  const before = root - BigInt(Math.min(I386_IMAGE_REACH, tables.root));
  const windows: readonly (readonly [string, VirtualAddress, number])[] = [
    ...(handler === undefined
      ? []
      : ([['behind its handlers', handler & ~0xfffn, I386_IMAGE_REACH]] as const)),
    ['before its page tables', before & ~0xfffn, Number(root - before)],
    ['in the direct map', mapBase, IMAGES_END],
  ];
  for (const [where, start, length] of windows) {
    const text = findImageStart(source, start, length);
    if (text === undefined || tables.translate(text) !== Number(text - mapBase)) continue;
    const evidence = `_text of the symbols ${where}, which the tables map ${formatAddress(mapBase)} above RAM`;
    return imageInDirectMap(text, mapBase, evidence);
  }
  return undefined;
}
