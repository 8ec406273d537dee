import {
  formatAddress,
  KASLR_STEP,
  KERNEL_IMAGE_WINDOW,
  PHYSICAL_START,
  START_KERNEL_MAP,
  type VirtualAddress,
} from '@osi-linux/core';
import type { AddressSpace } from '@osi-linux/x86-mmu';
import type { Vmcoreinfo } from '../vmcoreinfo';
import { pageOffsets } from './direct-map';

/** Where the image of a kernel is mapped. */
export interface Image {
  readonly textBase: VirtualAddress;
  readonly mapBase: VirtualAddress;
  readonly physBase: bigint;
  /** Where distributions link it to begin; `undefined` if that is unknown. */
  readonly linked: VirtualAddress | undefined;
  readonly evidence: string;
}

/** The image that a root maps, or `undefined` if it maps none. */
export function findImage(tables: AddressSpace, note: Vmcoreinfo | undefined): Image | undefined {
  return tables.architecture.wordSize === 8 ? findImage64(tables) : findImage32(tables, note);
}

/**
 * The first page that is mapped in the image's window is `_text`: everything else there was unmapped at boot
 * (`cleanup_highmap`, Linux arch/x86/mm/init_64.c).
 */
function findImage64(tables: AddressSpace): Image | undefined {
  for (let at = START_KERNEL_MAP; at < START_KERNEL_MAP + KERNEL_IMAGE_WINDOW; at += KASLR_STEP) {
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

/** The image of a 32-bit kernel is in the direct map, which begins at PAGE_OFFSET and leads to physical 0. */
function findImage32(tables: AddressSpace, note: Vmcoreinfo | undefined): Image | undefined {
  const text = note?.address('SYMBOL(_stext)');
  if (text === undefined) return undefined;
  for (const mapBase of pageOffsets) {
    const offset = text - mapBase;
    if (offset < 0n || offset >= KERNEL_IMAGE_WINDOW || tables.translate(text) !== Number(offset)) continue;
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
  return pageOffsets.map((offset) => table - offset).filter((at) => at >= 0n && at < KERNEL_IMAGE_WINDOW);
}
