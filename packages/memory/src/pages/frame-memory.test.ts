import { OsiError } from '@osi-linux/core';
import { expect, it } from 'vitest';
import { FrameMemory, type FrameStore } from './frame-memory';

/** Frames 1 and 2 are there, filled with their number; a missing frame is left dirty. */
function storeOfTwo(): FrameStore & { loads: number; asked: number } {
  return {
    loads: 0,
    asked: 0,
    get ranges() {
      this.asked += 1;
      return [{ start: 4096, end: 3 * 4096 }];
    },
    load(frame, into) {
      this.loads += 1;
      into.fill(frame === 1 || frame === 2 ? frame : 0xee);
      return frame === 1 || frame === 2;
    },
    hole: () => new OsiError('PHYSICAL_HOLE', 'no page'),
  };
}

it('FrameMemory loads a page once, and scans past the cache', () => {
  const store = storeOfTwo();
  const memory = new FrameMemory(store);
  expect([memory.page(1)?.bytes[9], memory.page(1)?.bytes[9], store.loads]).toEqual([1, 1, 1]);
  expect([memory.ranges.length, memory.ranges.length, store.asked]).toEqual([1, 1, 1]);
});

it('FrameMemory scans from the middle of a page to the first hole', () => {
  const memory = new FrameMemory(storeOfTwo());
  const into = new Uint8Array(3 * 4096);
  expect(memory.scan(4096 + 4000, into)).toBe(96 + 4096);
  expect([into[0], into[95], into[96], into[96 + 4095]]).toEqual([1, 1, 2, 2]);
  expect(memory.scan(0, into)).toBe(0);
  const short = new Uint8Array(10);
  expect([memory.scan(2 * 4096 - 4, short), [...short]]).toEqual([10, [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]]);
});

it('FrameMemory asks the store for the reason of a hole, and leaves odd frames alone', () => {
  const memory = new FrameMemory(storeOfTwo());
  expect([memory.hole(0).code, memory.hole(1).code]).toEqual(['PHYSICAL_HOLE', 'PAGE_PRESENT']);
  for (const frame of [-1, 0.5, 2 ** 45, Number.NaN]) expect(memory.page(frame)).toBeUndefined();
  expect(memory.scan(-4096, new Uint8Array(4))).toBe(0);
});
