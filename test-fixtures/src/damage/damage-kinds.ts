import { PAGE_SIZE } from '@osi-linux/core';
import type { DamagedMemory } from './damaged-memory';
import type { Random } from './random';
import type { PointerWord, TouchedMemory } from './touched-memory';

/** One way to damage a guest. */
export interface DamageKind {
  readonly name: string;
  readonly apply: (memory: DamagedMemory, touched: TouchedMemory, random: Random, wordSize: 4 | 8) => void;
}

/** From one page up to one in this many. */
const MOST_PAGES = 16;
const MOST_BITS = 256;
const MOST_WORDS = 64;
const STEPS_BACK = 8;
const CACHE_LINE = 64;
const SECTOR = 512;

/** Every way of the damage test to damage a guest at random; a truncated file is another one. */
export const DAMAGE_KINDS: readonly DamageKind[] = [
  {
    name: 'pages blanked',
    apply: (memory, touched, random) => {
      for (const frame of somePages(touched, random)) memory.writable(frame)?.bytes.fill(0);
    },
  },
  {
    name: 'pages missing',
    apply: (memory, touched, random) => {
      for (const frame of somePages(touched, random)) memory.remove(frame);
    },
  },
  {
    name: 'bytes overwritten',
    apply: (memory, touched, random) => {
      for (const frame of somePages(touched, random)) {
        const bytes = memory.writable(frame)?.bytes;
        const start = random.below(PAGE_SIZE);
        const end = Math.min(PAGE_SIZE, start + 1 + random.below(512));
        for (let at = start; bytes !== undefined && at < end; at += 1) bytes[at] = random.below(256);
      }
    },
  },
  {
    name: 'bits flipped',
    apply: (memory, touched, random) => {
      for (let count = 1 + random.below(MOST_BITS); count > 0; count -= 1) {
        const bytes = memory.writable(random.pick(touched.frames))?.bytes;
        const at = random.below(PAGE_SIZE);
        if (bytes !== undefined) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      }
    },
  },
  {
    name: 'cache lines zeroed',
    apply: (memory, touched, random) => {
      for (const frame of somePages(touched, random)) {
        const start = random.below(PAGE_SIZE / CACHE_LINE) * CACHE_LINE;
        memory.writable(frame)?.bytes.fill(0, start, start + CACHE_LINE);
      }
    },
  },
  {
    name: 'pages shifted by 8',
    apply: (memory, touched, random) => {
      for (const frame of somePages(touched, random)) {
        const bytes = memory.writable(frame)?.bytes;
        if (random.below(2) === 0) bytes?.copyWithin(8, 0).fill(0, 0, 8);
        else bytes?.copyWithin(0, 8).fill(0, PAGE_SIZE - 8);
      }
    },
  },
  {
    name: 'pages torn',
    apply: (memory, touched, random) => {
      for (const frame of somePages(touched, random)) {
        // A page of another moment, or of another place, up to a sector of the disk.
        const other = memory.page(random.pick(touched.frames))?.bytes.slice();
        const sector = (1 + random.below(PAGE_SIZE / SECTOR - 1)) * SECTOR;
        if (other !== undefined) memory.writable(frame)?.bytes.set(other.subarray(sector), sector);
      }
    },
  },
  {
    name: 'pointers redirected',
    apply: (memory, { pointers }, random, wordSize) => {
      for (let count = 1 + random.below(MOST_WORDS); count > 0; count -= 1)
        writeWord(memory, random.pick(pointers), random.pick(pointers).value, wordSize);
    },
  },
  {
    name: 'lists made cyclic',
    apply: (memory, { links }, random, wordSize) => {
      const before = new Map(links.map((link) => [link.value, link]));
      for (let count = 1 + random.below(links.length / MOST_PAGES); count > 0; count -= 1) {
        const link = random.pick(links);
        let earlier: PointerWord = link;
        for (let steps = random.below(STEPS_BACK); steps > 0; steps -= 1)
          earlier = before.get(earlier.address) ?? earlier;
        writeWord(memory, link, earlier.address, wordSize);
      }
    },
  },
];

function somePages({ frames }: TouchedMemory, random: Random): number[] {
  const most = random.below(4) === 0 ? Math.ceil(frames.length / MOST_PAGES) : 8;
  return Array.from({ length: 1 + random.below(most) }, () => random.pick(frames));
}

/** Writes a word where another one was. */
export function writeWord(
  memory: DamagedMemory,
  { frame, offset }: Pick<PointerWord, 'frame' | 'offset'>,
  value: bigint,
  wordSize: 4 | 8,
): void {
  const view = memory.writable(frame)?.view;
  if (wordSize === 8) view?.setBigUint64(offset, value, true);
  else view?.setUint32(offset, Number(value), true);
}
