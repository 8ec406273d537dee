import { describe, expect, it } from 'vitest';
import { createPage, PageCache } from './page-cache';

function counted(pages: number): { cache: PageCache; loads: number[] } {
  const loads: number[] = [];
  const load = (frame: number) => {
    loads.push(frame);
    return frame < 0 ? undefined : createPage(Uint8Array.of(frame & 0xff));
  };
  return { cache: new PageCache(load, pages * 4096), loads };
}

describe('PageCache', () => {
  it('loads a page once while it fits', () => {
    const { cache, loads } = counted(8);
    for (let round = 0; round < 3; round += 1) {
      for (let frame = 0; frame < 4; frame += 1) expect(cache.page(frame)?.bytes[0]).toBe(frame);
    }
    expect(loads).toEqual([0, 1, 2, 3]);
  });

  it('never holds more than its bound', () => {
    const { cache } = counted(8);
    for (let step = 0; step < 1000; step += 1) {
      cache.page((step * 31) % 97);
      expect(cache.size).toBeLessThanOrEqual(8);
    }
  });

  it('keeps what is asked for often', () => {
    const { cache, loads } = counted(8);
    for (let frame = 1; frame < 100; frame += 1) {
      cache.page(0);
      cache.page(frame);
    }
    expect(loads.filter((frame) => frame === 0)).toHaveLength(1);
  });

  it('a page that was let go stays as it was', () => {
    const { cache } = counted(2);
    const first = cache.page(5);
    for (let frame = 0; frame < 50; frame += 1) cache.page(frame + 100);
    expect(first?.bytes).toEqual(Uint8Array.of(5));
    expect(cache.page(5)).not.toBe(first);
  });

  it('asks again for holes and after clear', () => {
    const { cache, loads } = counted(8);
    expect([cache.page(-1), cache.page(-1)]).toEqual([undefined, undefined]);
    cache.page(1);
    cache.clear();
    cache.page(1);
    expect(loads).toEqual([-1, -1, 1, 1]);
  });
});
