import type { PhysicalRange } from '@osi-linux/core';

/** A run of guest-physical memory, and the block of RAM that it shows. */
export interface RamRange extends PhysicalRange {
  /** Name of the block: `pc.ram`, or the id of a memory backend. */
  readonly block: string;
  /** Where in the block it begins, in bytes. */
  readonly offset: number;
}

const MOST_RANGES = 65_536;
const PHYSICAL_END = 2 ** 52;

/**
 * Where a machine has RAM and ROM, by the output of QEMU's monitor for `info mtree -f`; ascending. Devices
 * are left out: reading it has effects.
 *
 * @example
 * ```ts
 * const text = [
 *   'FlatView #0',
 *   ' AS "memory", root: system',
 *   '  0000000000000000-000000000009ffff (prio 0, ram): pc.ram',
 *   '  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem',
 * ].join('\n');
 * parseMemoryTree(text) // => [{ start: 0, end: 0xa0000, block: 'pc.ram', offset: 0 }]
 * ```
 */
export function parseMemoryTree(text: string): RamRange[] {
  const views = text.split(/^FlatView #/m);
  const view = views.find((candidate) => /^ AS "memory"/m.test(candidate)) ?? '';
  const ranges: RamRange[] = [];
  for (const line of view.split('\n')) {
    const found = /^ +([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:ram|rom)\): (.+)$/.exec(line.trimEnd());
    if (found === null || ranges.length === MOST_RANGES) continue;
    const [start, last] = [Number.parseInt(found[1] ?? '', 16), Number.parseInt(found[2] ?? '', 16)];
    const [, block = '', at] =
      /^(.*?)(?: @([0-9a-f]{16}))?(?: KVM| hvf| [a-z]+)?$/.exec(found[3] ?? '') ?? [];
    const end = last + 1;
    if (end > start && end <= PHYSICAL_END && start >= (ranges.at(-1)?.end ?? 0))
      ranges.push({ start, end, block, offset: at === undefined ? 0 : Number.parseInt(at, 16) });
  }
  return ranges;
}
