import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { PageIndex } from './page-index';

it('PageIndex holds what an array holds', () => {
  const value = fc.constantFrom(-1, -1, -256, 0, 5, 2 ** 53 - 1);
  const runs = fc.array(fc.tuple(fc.nat(1300), fc.integer({ min: 1, max: 700 }), value), { maxLength: 12 });
  fc.assert(
    fc.property(runs, (list) => {
      const index = new PageIndex(1200);
      const model = new Array<number>(1200).fill(0);
      for (const [start, count, number] of list) {
        for (let page = start; page < start + count; page += 1) {
          index.set(page, number);
          if (page < 1200) model[page] = number;
        }
      }
      expect(Array.from({ length: 1200 }, (_, page) => index.get(page))).toEqual(model);
      expect([index.get(1200), index.get(5000), index.get(Number.NaN)]).toEqual([0, 0, 0]);
    }),
  );
});
