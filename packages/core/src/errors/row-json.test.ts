import { describe, expect, it } from 'vitest';
import { toJson } from './row-json';
import { createListing } from './skipped';

const row = {
  pid: 7,
  taskd: 0xffff888000000000n,
  asid: 0x1000,
  flags: 5n,
  pos: -3n,
  name: null,
  cmdline: ['a'],
};
const json = {
  pid: 7,
  taskd: '0xffff888000000000',
  asid: '0x1000',
  flags: '0x5',
  pos: -3,
  name: null,
  cmdline: ['a'],
};

describe('toJson', () => {
  it('writes addresses and flags as hex, and counts as numbers', () => {
    expect(toJson(row)).toEqual(json);
  });

  it.each([
    [2n ** 53n - 1n, 2 ** 53 - 1],
    [2n ** 53n, '9007199254740992'],
    [-(2n ** 63n), '-9223372036854775808'],
    [undefined, undefined],
    ['x', 'x'],
  ])('writes %s as %s', (value, expected) => {
    expect(toJson({ value })).toEqual({ value: expected });
  });

  it('is used by JSON.stringify for a listing, which has no further fields', () => {
    const listing = createListing([row], []);
    expect(JSON.parse(JSON.stringify(listing))).toEqual([json]);
    expect(Object.keys(listing)).toEqual(['0', 'skipped', 'findings']);
  });
});
