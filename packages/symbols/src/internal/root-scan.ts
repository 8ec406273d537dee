import { formatAddress, PAGE_SIZE, type PhysicalAddress, type PhysicalMemory } from '@osi-linux/core';
import { AddressSpace, type PagingForm, pagingForms } from '@osi-linux/x86-mmu';
import type { RootCandidate } from '../kernel-root';
import { imageWindow } from './image';

const CHUNK = 64 * 1024;
const ENTRIES = 512;
/** Page tables are many; those whose last entry leads on are a few for each process. */
const MOST_TABLES = 1 << 20;

/** A table whose last entry leads to another. */
interface Link {
  readonly table: PhysicalAddress;
  readonly next: PhysicalAddress;
}

/**
 * Roots of 64-bit kernels that page tables in memory show by themselves. Reads all of memory.
 *
 * The last entry of a kernel's top table leads, over one more level with 5 levels, to a table whose last two entries
 * map the image and the fixed mappings (`level3_kernel_pgt`, Linux arch/x86/kernel/head_64.S). The kernel's own root is
 * part of its image: it maps itself there. The roots of processes do too, but are none of the image.
 */
export function* scanForRoots(memory: PhysicalMemory): Generator<RootCandidate> {
  const links = linksIn(memory);
  const images = new Map<PhysicalAddress, PhysicalAddress | undefined>();
  for (const { next } of links) {
    if (!images.has(next)) images.set(next, imageBehind(memory, next));
  }
  const four = links.filter(({ next }) => images.get(next) !== undefined);
  const fourTables = new Map(four.map(({ table, next }) => [table, images.get(next)]));
  const five = links.filter(({ next }) => fourTables.get(next) !== undefined);
  yield* ownRoots(memory, pagingForms['5-level'], five, fourTables);
  yield* ownRoots(memory, pagingForms['4-level'], four, images);
}

/** Those of the tables that lie in the image which they map. `images` has it by what the last entry leads to. */
function* ownRoots(
  memory: PhysicalMemory,
  form: PagingForm,
  links: readonly Link[],
  images: ReadonlyMap<PhysicalAddress, PhysicalAddress | undefined>,
): Generator<RootCandidate> {
  let tries = 0;
  for (const { table, next } of links) {
    const inImage = table - (images.get(next) ?? 0);
    if (inImage < 0 || inImage >= imageWindow.reach) continue;
    tries += 1;
    if (tries > MOST_TRIES) return;
    if (!mapsItself(memory, form, table)) continue;
    const evidence = `page tables in memory: the table at physical ${formatAddress(table)} maps an image that it is in`;
    yield { form, root: table, evidence };
  }
}

/** Whether a root lies in the image that it maps, at a place where it maps itself. */
function mapsItself(memory: PhysicalMemory, form: PagingForm, root: PhysicalAddress): boolean {
  const tables = new AddressSpace(form, memory, root);
  const { start, step, reach } = imageWindow;
  for (let at = 0; at < 2 ** 30; at += step) {
    const physical = tables.translate(start + BigInt(at));
    if (physical === undefined) continue;
    const inImage = root - physical;
    return inImage >= 0 && inImage < reach && tables.translate(start + BigInt(at + inImage)) === root;
  }
  return false;
}

function linksIn(memory: PhysicalMemory): Link[] {
  const links: Link[] = [];
  const chunk = new Uint8Array(CHUNK);
  const words = new Uint32Array(chunk.buffer);
  for (const { start, end } of memory.ranges) {
    for (let at = start; at < end && links.length < MOST_TABLES; ) {
      const count = memory.scan(at, chunk.subarray(0, Math.min(CHUNK, end - at)));
      for (let page = 0; page + PAGE_SIZE <= count; page += PAGE_SIZE) {
        const place = (page + PAGE_SIZE) / 4 - 2;
        const next = tableBehind(words[place] as number, words[place + 1] as number);
        if (next !== undefined) links.push({ table: at + page, next });
      }
      at += count < PAGE_SIZE ? PAGE_SIZE : count - (count % PAGE_SIZE);
    }
  }
  return links;
}

/**
 * The table that an entry of a kernel's upper table leads to: present, writable, no large page, and no bits above the
 * address (_KERNPG_TABLE and _PAGE_TABLE, Linux arch/x86/include/asm/pgtable_types.h).
 */
function tableBehind(low: number, high: number): PhysicalAddress | undefined {
  if ((low & 0x83) !== 0x03 || high >>> 20 !== 0) return undefined;
  return frameOf(low, high);
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
  if ((low & LARGE) !== 0) return frame - (frame % LARGE_PAGE);
  const pages = memory.page(frame / PAGE_SIZE)?.view;
  return pages && frameOf(pages.getUint32(0, true), pages.getUint32(4, true));
}

function entryOf(view: DataView, index: number): PhysicalAddress | undefined {
  return tableBehind(view.getUint32(index * 8, true), view.getUint32(index * 8 + 4, true));
}

/** Bits 12 to 51 of an entry. */
function frameOf(low: number, high: number): PhysicalAddress {
  return (high & 0xfffff) * 2 ** 32 + ((low & ~0xfff) >>> 0);
}

/** Bit 7 of an entry: it maps a large page. */
const LARGE = 0x80;
const LARGE_PAGE = 2 * 1024 * 1024;
/** The smallest image that runs is several times 2 MiB. */
const FEWEST_PAGES = 3;
/** Of real kernels one table lies in the image, or two with 5 levels. */
const MOST_TRIES = 1024;
