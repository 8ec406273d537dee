import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileRunList } from './file-run-list';
import { flattenRuns } from './runs';

function listOf(runs: readonly (readonly [start: number, end: number, offset: number])[]): FileRunList {
  const list = new FileRunList();
  for (const [start, end, offset] of runs) list.push(start, end, offset);
  return list;
}

describe('FileRunList', () => {
  it('puts together what keeps its distance, in whatever order', () => {
    const list = listOf([
      [8, 10, 108],
      [0, 4, 100],
      [2, 8, 102],
      [0, 4, 100],
      [20, 21, 0],
      [5, 5, 0],
    ]);
    expect(list.runs()).toMatchObject([
      { start: 0, end: 10, offset: 100 },
      { start: 20, end: 21, offset: 0 },
    ]);
    expect(list.dropped).toBe(0);
  });

  it('gives each byte the place that it has in one of the runs, and the first where nothing was put together', () => {
    const run = fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 8 }), fc.constantFrom(0, 100, 200));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
        const given = runs.map(([start, length, by]) => [start, start + length, start + by] as const);
        const flat = flattenRuns(listOf(given).runs());
        for (let at = 0; at < 40; at += 1) {
          const places = given
            .filter(([start, end]) => start <= at && at < end)
            .map(([start, , o]) => o + at - start);
          const found = flat.find(({ start, end }) => start <= at && at < end);
          if (found === undefined) expect(places).toEqual([]);
          else expect(places).toContain(found.offset + at - found.start);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes millions that are the same pages, and far fewer that contradict each other', () => {
    const same = new FileRunList();
    for (let index = 0; index < 3_000_000; index += 1)
      same.push((index * 769) % 4096, ((index * 769) % 4096) + 1, 0);
    // Each of these 4096 places has another distance to offset 0.
    expect([same.runs().length, same.dropped]).toEqual([4096, 0]);
    const different = new FileRunList();
    for (let index = 0; index < 100_000; index += 1) different.push(index, index + 8, 0);
    expect([different.runs().length, different.dropped]).toEqual([65_536, 100_000 - 65_536]);
    const apart = new FileRunList();
    for (let index = 0; index < 100_000; index += 1) apart.push(index * 8, index * 8 + 4, 0);
    expect([apart.runs().length, apart.dropped]).toEqual([100_000, 0]);
  });
});
