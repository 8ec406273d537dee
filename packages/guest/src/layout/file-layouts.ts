import { formatAddress, PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { FileRun } from '@osi-linux/memory';
import type { E820Table } from './e820-tables';

/** A way in which a file without addresses may hold the memory of a guest. */
export interface FileLayout {
  /** The parts of the file, and where they belong. */
  readonly parts: readonly FileRun[];
  /** What shows it, for people. */
  readonly evidence: string;
}

const FOUR_GIB = 2 ** 32;
const MIB = 0x100000;
/** The memory of devices and the firmware, which `trim_bios_range` takes out of System RAM (Linux arch/x86/kernel/setup.c). */
const BIOS = { start: 0xa0000, end: MIB };

/**
 * The layouts that fit the size of a file and a map of the guest's RAM.
 *
 * - RAM as the machine has it, in one piece: QEMU's memory-backend-file, a Firecracker snapshot, a `.vmem`. The part
 *   above 4 GiB follows directly on the part below.
 * - The ranges that the kernel calls System RAM, one behind the other: LiME's `format=raw`.
 */
export function fileLayouts(size: number, { at, usable }: E820Table): FileLayout[] {
  const table = `the e820 table at offset ${formatAddress(at)} of the file`;
  return [...splitAtHole(size, usable, table), ...concatenated(size, usable, table)];
}

function splitAtHole(size: number, usable: readonly PhysicalRange[], table: string): FileLayout[] {
  const top = usable.at(-1)?.end ?? 0;
  const lowEnd = Math.max(...usable.map(({ end }) => end).filter((end) => end <= FOUR_GIB));
  const below = size - (top - FOUR_GIB);
  if (top <= FOUR_GIB || below % PAGE_SIZE !== 0 || below < lowEnd || below >= FOUR_GIB) return [];
  const parts = [
    { start: 0, end: below, offset: 0 },
    { start: FOUR_GIB, end: top, offset: below },
  ];
  const fits = `the ${size} bytes of the file are those of RAM below 4 GiB and above`;
  return [{ parts, evidence: `${table} has RAM from 4 GiB to ${formatAddress(top)}; ${fits}` }];
}

function concatenated(size: number, usable: readonly PhysicalRange[], table: string): FileLayout[] {
  const trimmed = usable.flatMap((range) => without(without([range], { start: 0, end: PAGE_SIZE }), BIOS));
  for (const ranges of [trimmed, usable]) {
    const parts: FileRun[] = [];
    let offset = 0;
    for (const { start, end } of ranges) {
      parts.push({ start, end, offset });
      offset += end - start;
    }
    if (offset !== size || parts.every((part) => part.start === part.offset)) continue;
    const fits = `its ${parts.length} ranges together have the ${size} bytes of the file`;
    return [{ parts, evidence: `${table} lists RAM; ${fits}` }];
  }
  return [];
}

/** The parts of ranges outside another one. */
function without(ranges: readonly PhysicalRange[], hole: PhysicalRange): PhysicalRange[] {
  return ranges.flatMap(({ start, end }) =>
    [
      { start, end: Math.min(end, hole.start) },
      { start: Math.max(start, hole.end), end },
    ].filter((range) => range.end > range.start),
  );
}
