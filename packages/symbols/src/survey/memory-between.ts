import type { PhysicalAddress, PhysicalMemory } from '@osi-linux/core';

/**
 * The part of a memory between two physical addresses, both multiples of 4096, for a search of that part alone. Holes of
 * a sparse file are left out.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * memoryBetween(dump.memory, 0x1000, 0x1000).ranges // => []
 * ```
 */
export function memoryBetween(
  memory: PhysicalMemory,
  start: PhysicalAddress,
  end: PhysicalAddress,
): PhysicalMemory {
  const ranges = (memory.occupied ?? memory.ranges)
    .map((range) => ({ start: Math.max(range.start, start), end: Math.min(range.end, end) }))
    .filter((range) => range.start < range.end);
  const { page, hole, scan } = memory;
  return {
    ranges,
    page: page.bind(memory),
    hole: hole.bind(memory),
    scan: scan.bind(memory),
  };
}
