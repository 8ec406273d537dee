import {
  formatAddress,
  IMAGE_REACH,
  KASLR_STEP,
  KERNEL_IMAGE_WINDOW,
  LARGE_PAGE_SIZE,
  PAGE_SIZE,
  type PhysicalAddress,
  type PhysicalMemory,
  START_KERNEL_MAP,
} from '@osi-linux/core';
import { AddressSpace, findVirtual, type PagingForm, pagingForms } from '@osi-linux/x86-mmu';
import type { MemorySurvey } from '../../survey/memory-survey';
import type { TableLink } from '../../survey/page-survey';
import { tableBehind } from '../../survey/x86/table-signature';
import type { KernelRoot } from './root';

const ENTRIES = 512;
/** Few pages look like the table behind a top table's last entry; in made-up memory all of them could. */
const MOST_IMAGES = 1 << 14;
/** In real kernels one table is in the image, or two with 5 levels. */
const MOST_TRIES = 1024;
/** How many of those are distinguished by their other mappings. */
const MOST_ROOTS = 16;
/** Enough for the tables of a direct map in large pages, and of tens of GiB in small ones. */
const MOST_ENTRIES = 1 << 22;

/** Top tables that lead to an image, with the physical address at which that begins. */
interface ImageTable extends TableLink {
  readonly image: PhysicalAddress;
}

/**
 * Roots of 64-bit kernels that page tables in memory show by themselves; those with more evidence come first.
 *
 * The last entry of a kernel's top table leads, over one more level with 5 levels, to a table whose last two entries
 * map the image and the fixed mappings (`level3_kernel_pgt`, Linux arch/x86/kernel/head_64.S). The kernel's own root is
 * part of its image: it maps itself there. The roots of processes do too, but are not part of the image. The
 * remains of a kernel that ran before no longer map themselves in the direct map as well, once other data has
 * taken its tables' place.
 */
export function findX8664Roots({ memory, pages }: MemorySurvey): KernelRoot[] {
  const { links, pairs } = pages;
  const images = new Map<PhysicalAddress, PhysicalAddress | undefined>();
  const upper: ImageTable[] = [];
  for (const link of links) {
    if (!pairs.has(link.next)) continue;
    if (!images.has(link.next) && images.size < MOST_IMAGES)
      images.set(link.next, imageBehind(memory, link.next));
    const image = images.get(link.next);
    if (image !== undefined) upper.push({ ...link, image });
  }
  const behind = new Map(upper.map(({ table, image }) => [table, image]));
  const top = links.flatMap((link) => {
    const image = behind.get(link.next);
    return image === undefined ? [] : [{ ...link, image }];
  });
  return [
    ...ownRoots(memory, pagingForms['5-level'], top),
    ...ownRoots(memory, pagingForms['4-level'], upper),
  ].sort((one, other) => other.score - one.score);
}

interface ScoredRoot extends KernelRoot {
  readonly score: number;
}

/** Those of the tables that lie in the image which they map. */
function ownRoots(memory: PhysicalMemory, form: PagingForm, tables: readonly ImageTable[]): ScoredRoot[] {
  const spaces = tables
    .filter(({ table, image }) => table >= image && table - image < IMAGE_REACH)
    .slice(0, MOST_TRIES)
    .map(({ table, image }) => ({ tables: new AddressSpace(form, memory, table), image }))
    .filter((space) => mapsItself(space.tables, space.image));
  return spaces.slice(0, MOST_ROOTS).map(({ tables: { root } }) => {
    const direct = isInDirectMap(memory, form, root);
    const evidence = `page tables in memory: the table at physical ${formatAddress(root)} maps an image that it is in`;
    return {
      ...{ form, root, score: direct ? 1 : 0 },
      evidence: direct ? `${evidence}, and RAM with itself in it` : evidence,
    };
  });
}

/** Whether a root is in the image that it maps, at a place where it maps itself. */
function mapsItself(tables: AddressSpace, image: PhysicalAddress): boolean {
  const inImage = BigInt(tables.root - image);
  for (let place = START_KERNEL_MAP; place < START_KERNEL_MAP + KERNEL_IMAGE_WINDOW; place += KASLR_STEP) {
    if (tables.translate(place) !== undefined) return tables.translate(place + inImage) === tables.root;
  }
  return false;
}

/** Whether it is mapped a second time, below the image: where all of RAM is. */
function isInDirectMap(memory: PhysicalMemory, form: PagingForm, root: PhysicalAddress): boolean {
  const { mappings } = findVirtual(form, memory, root, root, { limit: 1, entryLimit: MOST_ENTRIES });
  return (mappings[0]?.virtual ?? START_KERNEL_MAP) < START_KERNEL_MAP;
}

/**
 * The physical address of the first page of an image, where a table looks like the one whose last but one entry maps
 * it, in pages of 2 MiB or less.
 */
function imageBehind(memory: PhysicalMemory, table: PhysicalAddress): PhysicalAddress | undefined {
  const view = memory.page(table / PAGE_SIZE)?.view;
  if (view === undefined || entryOf(view, ENTRIES - 1) === undefined) return undefined;
  const image = entryOf(view, ENTRIES - 2);
  if (image === undefined) return undefined;
  const directory = memory.page(image / PAGE_SIZE)?.view;
  if (directory === undefined) return undefined;
  let first: number | undefined;
  let present = 0;
  for (let index = 0; index < ENTRIES; index += 1) {
    if ((directory.getUint32(index * 8, true) & 1) === 0) continue;
    first ??= index;
    present += 1;
  }
  if (first === undefined || present < FEWEST_PAGES) return undefined;
  const low = directory.getUint32(first * 8, true);
  const frame = frameOf(low, directory.getUint32(first * 8 + 4, true));
  if ((low & LARGE) !== 0) return frame - (frame % LARGE_PAGE_SIZE);
  const pages = memory.page(frame / PAGE_SIZE)?.view;
  return pages && frameOf(pages.getUint32(0, true), pages.getUint32(4, true));
}

function entryOf(view: DataView, index: number): PhysicalAddress | undefined {
  const table = tableBehind(view.getUint32(index * 8, true), view.getUint32(index * 8 + 4, true));
  return table < 0 ? undefined : table;
}

/** Bits 12 to 51 of an entry. */
function frameOf(low: number, high: number): PhysicalAddress {
  return (high & 0xfffff) * 2 ** 32 + ((low & ~0xfff) >>> 0);
}

/** Bit 7 of an entry: it maps a large page. */
const LARGE = 0x80;
/** The smallest image that runs is several times 2 MiB. */
const FEWEST_PAGES = 3;
