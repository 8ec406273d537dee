import { formatAddress, type VirtualAddress } from '@osi-linux/core';
import type { AddressSpace } from '@osi-linux/x86-mmu';
import { DIRECT_MAP_32, pageOffsets } from './direct-map';
import type { Vmcoreinfo } from './vmcoreinfo';

/** Where the image of a kernel is mapped. */
export interface Image {
  readonly textBase: VirtualAddress;
  readonly mapBase: VirtualAddress;
  readonly physBase: bigint;
  /** Where distributions link it to begin; `undefined` where that is unknown. */
  readonly linked: VirtualAddress | undefined;
  readonly evidence: string;
}

/** __START_KERNEL_map, Linux arch/x86/include/asm/page_64_types.h; KERNEL_IMAGE_SIZE is 1 GiB with KASLR. */
const START_KERNEL_MAP = 0xffffffff80000000n;
const IMAGE_WINDOW = 0x40000000n;
/** CONFIG_PHYSICAL_ALIGN of x86_64: the image begins at a multiple of it. */
const STEP = 0x200000n;
/** CONFIG_PHYSICAL_START of distributions: 16 MiB. */
const PHYSICAL_START = 0x1000000n;

/** The image that a root maps, or `undefined` where it maps none. */
export function findImage(tables: AddressSpace, note: Vmcoreinfo | undefined): Image | undefined {
  return tables.architecture.wordSize === 8 ? findImage64(tables) : findImage32(tables, note);
}

/**
 * The first page that is mapped in the image's window is `_text`: everything else there was unmapped at boot
 * (`cleanup_highmap`, Linux arch/x86/mm/init_64.c).
 */
function findImage64(tables: AddressSpace): Image | undefined {
  for (let at = START_KERNEL_MAP; at < START_KERNEL_MAP + IMAGE_WINDOW; at += STEP) {
    const physical = tables.translate(at);
    if (physical === undefined) continue;
    return {
      textBase: at,
      mapBase: START_KERNEL_MAP,
      physBase: BigInt(physical) - (at - START_KERNEL_MAP),
      linked: START_KERNEL_MAP + PHYSICAL_START,
      evidence: `the first page mapped in the image's window, at physical ${formatAddress(physical)}`,
    };
  }
  return undefined;
}

/** The image of a 32-bit kernel lies in the direct map, which begins at PAGE_OFFSET and leads to physical 0. */
function findImage32(tables: AddressSpace, note: Vmcoreinfo | undefined): Image | undefined {
  const text = note?.address('SYMBOL(_stext)');
  if (text === undefined) return undefined;
  for (const mapBase of pageOffsets) {
    const offset = text - mapBase;
    if (offset < 0n || offset >= DIRECT_MAP_32 || tables.translate(text) !== Number(offset)) continue;
    const evidence = `SYMBOL(_stext) of VMCOREINFO, which the tables map ${formatAddress(mapBase)} above RAM`;
    return imageInDirectMap(text, mapBase, evidence);
  }
  return undefined;
}

/** The image of a 32-bit kernel, by where it begins and where RAM is mapped. */
export function imageInDirectMap(textBase: VirtualAddress, mapBase: VirtualAddress, evidence: string): Image {
  return { textBase, mapBase, physBase: 0n, linked: mapBase + PHYSICAL_START, evidence };
}

/** Physical addresses that the image's address of a table may have, by where images are mapped. */
export function physicalOf(table: VirtualAddress, physBase: bigint | undefined): bigint[] {
  if (table >> 32n !== 0n) return physBase === undefined ? [] : [table - START_KERNEL_MAP + physBase];
  return pageOffsets.map((offset) => table - offset).filter((at) => at >= 0n && at < DIRECT_MAP_32);
}

/** First byte of the window that 64-bit images are mapped in, and how far an image reaches at most. */
export const imageWindow = { start: START_KERNEL_MAP, step: Number(STEP), reach: 128 * 1024 * 1024 } as const;
