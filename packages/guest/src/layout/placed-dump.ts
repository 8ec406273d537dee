import {
  formatAddress,
  PAGE_SIZE,
  type PhysicalAddress,
  type PhysicalMemory,
  type PhysicalRange,
} from '@osi-linux/core';
import type { Dump, Finding } from '@osi-linux/memory';
import type { LocatedKernel } from '@osi-linux/symbols';
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
 * A file in which a kernel was found with each byte at the address that is its offset may merely have been cut, and is
 * then zero between the end of RAM below 4 GiB and 4 GiB. The image of that kernel has a copy of the map; without one, all
 * of memory is searched for it. `inData` is a place in the image's data, if it is known.
 */
export function findPlacedSearch(
  search: KernelSearch,
  inData: PhysicalAddress | undefined = placeInData(search.kernel),
): KernelSearch | undefined {
  const { dump } = search;
  const { plainCopy, memory } = dump;
  if (plainCopy === undefined) return undefined;
  const around = inData === undefined ? undefined : rangeOfTables(inData);
  for (const table of findE820Tables(memory, around)) {
    for (const layout of fileLayouts(plainCopy.size, table)) {
      if (inData !== undefined && isZeroBelowFourGiB(memory, layout)) continue;
      const placed = new KernelSearch(placedDump(dump, layout, plainCopy.place(layout.parts)));
      if (placed.kernel !== undefined) return placed;
    }
  }
  return undefined;
}

/** Larger than the data of any image, and than its text. */
const DATA_REACH = 2 ** 25;

/** `boot_params` is in the data of the image, as `init_task` is. */
function rangeOfTables(inData: PhysicalAddress): PhysicalRange {
  const start = Math.max(0, Math.floor((inData - DATA_REACH) / PAGE_SIZE) * PAGE_SIZE);
  return { start, end: start + 2 * DATA_REACH };
}

/** The data of an image is behind its text. */
function placeInData(kernel: LocatedKernel | undefined): PhysicalAddress | undefined {
  const text = kernel?.location.tables.translate(kernel.location.textBase);
  return text === undefined ? undefined : text + DATA_REACH;
}

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
  return findPlacedSearch(search) ?? search;
}
