import {
  IMAGE_REACH,
  KERNEL_IMAGE_WINDOW,
  PAGE_SIZE,
  type PhysicalAddress,
  type PhysicalMemory,
  START_KERNEL_MAP,
  type VirtualAddress,
} from '@osi-linux/core';
import { type AddressSpace, findVirtual } from '@osi-linux/x86-mmu';
import type { MemorySurvey } from '../../survey/memory-survey';
import type { KernelLocation } from './location';

/** What a root has that a process of the guest cannot give to page tables that it plants, or not cheaply. */
interface RootRank {
  /** Pages of the image and of the direct map that do not lie where the rest of them does. */
  readonly strays: number;
  /** Bytes of both that do. */
  readonly linear: number;
  /** Top tables in memory, those of processes, that lead to the same tables of the kernel. */
  readonly sharers: number;
}

/** Pages that are looked at for each root: all of a direct map in pages of 2 MiB up to 256 GiB. */
const MOST_STEPS = 1 << 17;
/** Where all of RAM is mapped begins at a multiple of this (Linux arch/x86/mm/kaslr.c). */
const DIRECT_MAP_ALIGNMENT = 1n << 30n;
/** 32-bit kernels leave at least this much unmapped behind the direct map: VMALLOC_OFFSET less a table's reach. */
const GAP_32 = 4n << 20n;
const ENTRY_LIMIT = 1 << 22;
const MOST_SHARERS = 4096;
/** The kernel's half of a top table of 64 bits: 256 of 512 entries. */
const KERNEL_HALF = 256;

/**
 * Locations that a search of memory found, those first that a process of the guest could hardly have planted.
 *
 * A kernel maps its image and all of RAM in one run each, and every process shares its tables. Tables that put another
 * page in the place of one of the kernel's break a run, or a share.
 */
export function rankLocations(survey: MemorySurvey, locations: readonly KernelLocation[]): KernelLocation[] {
  if (locations.length < 2) return [...locations];
  const ranked = locations.map((location) => ({ location, rank: rankOf(survey, location) }));
  ranked.sort(({ rank: one }, { rank: other }) => {
    const strays = Number(one.strays > 0) - Number(other.strays > 0);
    return strays || other.sharers - one.sharers || other.linear - one.linear;
  });
  return ranked.map(({ location }) => location);
}

function rankOf(survey: MemorySurvey, location: KernelLocation): RootRank {
  const { tables, form, root, textBase, mapBase, physBase } = location;
  const { memory } = survey;
  const run = new LinearRun(tables);
  const ramEnd = BigInt(memory.ranges.reduce((end, range) => Math.max(end, range.end), 0));
  const [reach, windowEnd] = [textBase + BigInt(IMAGE_REACH), mapBase + KERNEL_IMAGE_WINDOW];
  const end = reach < windowEnd ? reach : windowEnd;
  run.measure({ start: textBase, end, physical: textBase - mapBase + physBase });
  const isWide = tables.architecture.wordSize === 8;
  if (!isWide) run.measure({ start: mapBase, end: mapBase + ramEnd, physical: 0n, gap: GAP_32 });
  for (const base of isWide ? directMaps(memory, location) : [])
    run.measure({ start: base, end: base + ramEnd, physical: 0n });
  const sharers = isWide ? countSharers(survey, form.entrySize, root) : 0;
  return { strays: run.strays, linear: run.linear, sharers };
}

/** The bases at which RAM seems to be mapped, by the top table's own addresses outside of the image. */
function directMaps(memory: PhysicalMemory, { form, root }: KernelLocation): VirtualAddress[] {
  const { mappings } = findVirtual(form, memory, root, root, { limit: 8, entryLimit: ENTRY_LIMIT });
  return mappings
    .map(({ virtual }) => virtual - BigInt(root))
    .filter((base) => base % DIRECT_MAP_ALIGNMENT === 0n && base >> 63n === 1n && base < START_KERNEL_MAP);
}

/** Addresses that a kernel maps to physical ones in one run. */
interface Run {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  /** The physical address that `start` leads to. */
  readonly physical: bigint;
  /** So many bytes in a row that are not mapped end the run. */
  readonly gap?: bigint;
}

class LinearRun {
  strays = 0;
  linear = 0;
  private readonly tables: AddressSpace;
  private steps = 0;

  constructor(tables: AddressSpace) {
    this.tables = tables;
  }

  measure({ start, end, physical, gap }: Run): void {
    let unmapped = 0n;
    for (let at = start; at < end && this.steps < MOST_STEPS; this.steps += 1) {
      const walked = this.tables.walk(at);
      if (walked.fault !== undefined) {
        unmapped += walked.unmappedBytes;
        if (gap !== undefined && unmapped >= gap) return;
        at += walked.unmappedBytes;
        continue;
      }
      unmapped = 0n;
      const rest = walked.pageSize - (walked.physical % walked.pageSize);
      if (BigInt(walked.physical) === at - start + physical) this.linear += rest;
      else this.strays += 1;
      at += BigInt(rest);
    }
  }
}

/** Top tables whose entries for the kernel's half agree with those of a root. Those of 32 bits are not surveyed. */
function countSharers({ memory, pages }: MemorySurvey, entrySize: number, root: PhysicalAddress): number {
  const own = memory.page(Math.floor(root / PAGE_SIZE))?.view;
  if (own === undefined) return 0;
  let sharers = 0;
  for (const { table } of pages.links) {
    if (table === root) continue;
    const view = memory.page(Math.floor(table / PAGE_SIZE))?.view;
    if (view !== undefined && agree(own, view, entrySize)) sharers += 1;
    if (sharers === MOST_SHARERS) break;
  }
  return sharers;
}

/** Whether the entries that both have lead to the same tables, those of the image and of RAM at least. */
function agree(own: DataView, other: DataView, entrySize: number): boolean {
  let common = 0;
  for (let at = KERNEL_HALF * entrySize; at < PAGE_SIZE; at += entrySize) {
    const [one, two] = [frameAt(own, at), frameAt(other, at)];
    if (one === 0n || two === 0n) continue;
    if (one !== two) return false;
    common += 1;
  }
  return common >= 2;
}

/** Bits 12 to 51 of a present entry, else 0. */
function frameAt(view: DataView, at: number): bigint {
  const entry = view.getBigUint64(at, true);
  return (entry & 1n) === 0n ? 0n : entry & 0x000ffffffffff000n;
}
