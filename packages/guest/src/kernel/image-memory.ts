import type { PhysicalAddress, PhysicalMemory } from '@osi-linux/core';
import { IMAGE_REACH } from './image-page';

/** The part of memory in which the image of a kernel is, which is one run of it from a physical address on. */
export function imageMemory(memory: PhysicalMemory, start: PhysicalAddress): PhysicalMemory {
  const ranges = (memory.occupied ?? memory.ranges)
    .map((range) => ({ start: Math.max(range.start, start), end: Math.min(range.end, start + IMAGE_REACH) }))
    .filter((range) => range.start < range.end);
  const { page, hole, scan } = memory;
  return { ranges, page: page.bind(memory), hole: hole.bind(memory), scan: scan.bind(memory) };
}
