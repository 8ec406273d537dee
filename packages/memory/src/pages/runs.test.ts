import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { RunTable } from './run-table';
import { type FileRun, flattenRuns } from './runs';

it('flattenRuns gives each byte to the first run that covers it', () => {
  const run = fc.record({
    start: fc.nat({ max: 60 }),
    length: fc.nat({ max: 30 }),
    offset: fc.nat({ max: 200 }),
  });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 12 }), (rows) => {
      const runs: FileRun[] = rows.map(({ start, length, offset }) => ({
        start,
        end: start + length,
        offset,
      }));
      const flat = flattenRuns(runs);
      const table = new RunTable(flat);
      for (const [index, piece] of flat.entries()) {
        expect(piece.end).toBeGreaterThan(piece.start);
        expect(piece.start).toBeGreaterThanOrEqual(flat[index - 1]?.end ?? 0);
      }
      for (let at = -1; at < 100; at += 1) {
        const first = runs.find((candidate) => candidate.start <= at && at < candidate.end);
        const found = table.find(at);
        expect(found < 0 ? undefined : table.offset(found, at)).toBe(
          first && first.offset + at - first.start,
        );
      }
    }),
  );
});

it('flattenRuns joins what continues in memory and in the file', () => {
  const runs = [
    { start: 10, end: 20, offset: 110 },
    { start: 0, end: 10, offset: 100 },
    { start: 20, end: 30, offset: 500 },
  ];
  expect(flattenRuns(runs)).toEqual([
    { start: 0, end: 20, offset: 100 },
    { start: 20, end: 30, offset: 500 },
  ]);
  expect(new RunTable(flattenRuns(runs)).ranges()).toEqual([{ start: 0, end: 30 }]);
});

it('flattenRuns takes a hundred thousand runs that all overlap', () => {
  const runs = Array.from({ length: 100_000 }, (_, index) => ({
    start: index,
    end: 200_000 - index,
    offset: index * 3,
  }));
  expect(flattenRuns(runs)).toEqual([{ start: 0, end: 200_000, offset: 0 }]);
  expect(flattenRuns(runs.reverse()).length).toBe(199_999);
});
