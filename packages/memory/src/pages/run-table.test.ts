import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunTable } from './run-table';
import { flattenRuns } from './runs';

const PAGE = 4096;

describe('RunTable', () => {
  it('the occupied parts hold every page of an extent, and no page far from one', () => {
    const span = fc.record({ start: fc.nat(40), pages: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 5 }), fc.array(span, { maxLength: 5 }), (spans, data) => {
        let offset = 512;
        const runs = flattenRuns(
          spans.map(({ start, pages }) => {
            const run = { start: start * PAGE, end: (start + pages) * PAGE, offset };
            offset += pages * PAGE;
            return run;
          }),
        );
        const table = new RunTable(runs);
        const extents = joined(data.map(({ start, pages }) => [start * PAGE, (start + pages) * PAGE]));
        const parts = table.occupied(extents, table.ranges());
        const isPart = (at: number) => parts.some(({ start, end }) => start <= at && at < end);
        for (const { start, end } of table.ranges()) {
          for (let at = start; at < end; at += PAGE) {
            const place = table.offset(table.find(at), at);
            const near = (pages: number) =>
              extents.some(
                (extent) => extent.start < place + (1 + pages) * PAGE && extent.end > place - pages * PAGE,
              );
            if (near(0)) expect(isPart(at)).toBe(true);
            if (isPart(at) && spans.length === 1) expect(near(2)).toBe(true);
          }
        }
        expect(parts.every(({ start, end }) => start % PAGE === 0 && end % PAGE === 0)).toBe(true);
      }),
    );
  });
});

/** Ascending extents that do not touch. */
function joined(spans: readonly (readonly number[])[]): { start: number; end: number }[] {
  const all: { start: number; end: number }[] = [];
  for (const [start = 0, end = 0] of [...spans].sort(([one = 0], [other = 0]) => one - other)) {
    const last = all.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else all.push({ start, end });
  }
  return all;
}
