import { formatAddress, PAGE_SIZE, type PhysicalAddress, type PhysicalMemory } from '@osi-linux/core';
import type { Dump, Finding } from '@osi-linux/memory';
import { KernelSearch } from '../kernel/search';
import { findE820Tables } from './e820-tables';
import { type FileLayout, fileLayouts } from './file-layouts';

const FOUR_GIB = 2 ** 32;
/** How many pages are looked at to see whether memory holds anything. */
const SAMPLES = 4096;

/**
 * The same dump with its parts where the guest's map of RAM says, and the search for the kernel in it; `undefined` if
 * the file has addresses of its own, or if no other layout has a kernel.
 *
 * `isFound` is whether a kernel was found with each byte at the address that is its offset: such a file may merely
 * have been cut, and is then zero between the end of RAM below 4 GiB and 4 GiB. `image` is a place in that kernel's
 * image, which has a copy of the map; without it, all of memory is searched for one.
 */
export function findPlacedSearch(
  { dump }: KernelSearch,
  isFound: boolean,
  image?: PhysicalAddress,
): KernelSearch | undefined {
  const { plainCopy, memory } = dump;
  if (plainCopy === undefined) return undefined;
  const around = image === undefined ? undefined : placesOfTables(image);
  for (const table of findE820Tables(memory, around)) {
    for (const layout of fileLayouts(plainCopy.size, table)) {
      if (isFound && isZeroBelowFourGiB(memory, layout)) continue;
      const search = new KernelSearch(placedDump(dump, layout, plainCopy.place(layout.parts)));
      if (search.kernel !== undefined) return search;
    }
  }
  return undefined;
}

/** `boot_params` is in the data of the image, as `init_task` is. */
function placesOfTables(image: PhysicalAddress) {
  const start = Math.max(0, Math.floor((image - DATA_REACH) / PAGE_SIZE) * PAGE_SIZE);
  return [{ start, end: start + 2 * DATA_REACH }];
}

/** Larger than the data of any image, and than its text. */
export const DATA_REACH = 2 ** 25;

/** The ranges of a layout fill the file: one that ends inside a page is not cut. */
function placedDump({ plainCopy: _, ...dump }: Dump, layout: FileLayout, memory: PhysicalMemory): Dump {
  const findings = dump.findings.filter(({ what }) => what !== 'truncated');
  return { ...dump, memory, findings: [...findings, layoutFinding(layout)] };
}

function layoutFinding({ parts, evidence }: FileLayout): Finding {
  const ranges = parts.map(({ start, end }) => `${formatAddress(start)}-${formatAddress(end - 1)}`);
  return {
    what: 'layout',
    value: `the file holds physical ${ranges.join(', then ')}`,
    evidence: `${evidence}; in this layout its page tables lead to the kernel`,
  };
}

/** Whether the file has nothing where a plain copy has the hole below 4 GiB. */
function isZeroBelowFourGiB(memory: PhysicalMemory, { parts }: FileLayout): boolean {
  const start = Math.max(...parts.map((part) => part.end).filter((at) => at <= FOUR_GIB));
  const end = Math.min(memory.ranges.at(-1)?.end ?? 0, FOUR_GIB);
  const [first, last] = [Math.ceil(start / PAGE_SIZE), Math.floor(end / PAGE_SIZE)];
  const step = Math.max(1, Math.floor((last - first) / SAMPLES));
  for (let frame = first; frame < last; frame += step) {
    if (memory.page(frame)?.bytes.some((byte) => byte !== 0) === true) return false;
  }
  return true;
}

/**
 * The search for the kernel in a dump, for callers without a profile: of a file without addresses in the layout in
 * which there is a kernel, by its offsets first.
 */
export function searchKernel(dump: Dump): KernelSearch {
  const search = new KernelSearch(dump);
  if (dump.plainCopy === undefined) return search;
  return findPlacedSearch(search, search.kernel !== undefined) ?? search;
}
