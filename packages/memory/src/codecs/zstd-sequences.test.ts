import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walkSequences } from './zstd-sequences';

// All three kinds of codes by one code each (mode 1): of literals, of offsets, of matches; then the stream of bits,
// whose highest bit only marks its end.
const ONE_CODE = 0x54;

describe('walkSequences', () => {
  it.each([
    ['a match of 3, which takes no bits', [ONE_CODE, 0, 0, 0, 1], 1, { matched: 3, literals: 0 }],
    ['two of them', [ONE_CODE, 0, 0, 0, 1], 2, { matched: 6, literals: 0 }],
    ['as many as fit', [ONE_CODE, 0, 0, 0, 1], 1365, { matched: 4095, literals: 0 }],
    ['15 literals and a match of 34', [ONE_CODE, 15, 0, 31, 1], 1, { matched: 34, literals: 15 }],
    // 3 bits of offset, then 1 of the match, then 1 of the literals, from the top: 101 1 0.
    ['values with bits of their own', [ONE_CODE, 16, 3, 32, 0b110110], 1, { matched: 36, literals: 16 }],
  ])('adds up %s', (_, bytes, count, totals) => {
    expect(walkSequences(Uint8Array.from(bytes), count, 4096)).toEqual(totals);
  });

  it.each([
    ['one too many', [ONE_CODE, 0, 0, 0, 1], 1366],
    ['more bits than there are', [ONE_CODE, 35, 0, 52, 1], 1],
    ['bits that nothing reads', [ONE_CODE, 0, 0, 0, 2], 1],
    ['a code that is none', [ONE_CODE, 36, 0, 0, 1], 1],
    ['a table of an earlier block', [0xfc, 0, 0, 0, 1], 1],
    ['a stream without an end mark', [ONE_CODE, 0, 0, 0, 0], 1],
    ['nothing', [], 1],
  ])('refuses %s', (_, bytes, count) => {
    expect(walkSequences(Uint8Array.from(bytes), count, 4096)).toBeUndefined();
  });

  it('gives a sum within bounds, or none, of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 100_000 }), (bytes, count) => {
        const totals = walkSequences(bytes, count, 4096);
        if (totals !== undefined) expect(totals.matched + totals.literals).toBeLessThanOrEqual(4096);
      }),
    );
  });
});
