import { describe, expect, it } from 'vitest';
import { fileLayouts } from './file-layouts';

const GIB = 2 ** 30;
const FOUR_GIB = 4 * GIB;
const at = 0x14a60;
const partsOf = (size: number, usable: readonly (readonly [number, number])[]) =>
  fileLayouts(size, { at, usable: usable.map(([start, end]) => ({ start, end })) }).map(({ parts }) =>
    parts.map(({ start, end, offset }) => [start, end, offset]),
  );

/** QEMU's pc with 8 GiB: 3 GiB below the hole, of which the last 140 KiB are the firmware's. */
const PC = [
  [0, 0x9fc00],
  [0x100000, 0xbffdd000],
  [FOUR_GIB, 9 * GIB],
] as const;

describe('fileLayouts', () => {
  it('puts the part above 4 GiB where the table says', () => {
    expect(partsOf(8 * GIB, PC)).toEqual([
      [
        [0, 3 * GIB, 0],
        [FOUR_GIB, 9 * GIB, 3 * GIB],
      ],
    ]);
  });

  it.each([
    ['a plain copy, hole included', 9 * GIB, PC],
    ['a file that is cut', 2 * GIB, PC],
    ['a size that is not one of whole pages', 8 * GIB - 5, PC],
    ['a part below the hole that lacks usable memory', 8 * GIB - 0x100000, PC],
    ['a part below the hole that reaches beyond 4 GiB', 9 * GIB + 4096, PC],
    ['a guest without memory above 4 GiB', 256 * 2 ** 20, PC.slice(0, 2)],
  ])('takes no other layout for %s', (_, size, usable) => expect(partsOf(size, usable)).toEqual([]));

  it('puts the ranges of System RAM where they were: LiME has no addresses in format=raw', () => {
    const [low, high] = [0x9fc00 - 0x1000, 0xbffdd000 - 0x100000];
    expect(partsOf(low + high + 5 * GIB, PC)).toEqual([
      [
        [0x1000, 0x9fc00, 0],
        [0x100000, 0xbffdd000, low],
        [FOUR_GIB, 9 * GIB, low + high],
      ],
    ]);
    // Without the first page, and with the memory of devices, as a kernel that trims neither lists it.
    expect(partsOf(0x9fc00 + high, PC.slice(0, 2))).toEqual([
      [
        [0, 0x9fc00, 0],
        [0x100000, 0xbffdd000, 0x9fc00],
      ],
    ]);
  });

  it('names the table and the sizes', () => {
    expect(
      fileLayouts(8 * GIB, { at, usable: PC.map(([start, end]) => ({ start, end })) })[0]?.evidence,
    ).toBe(
      'the e820 table at offset 0x14a60 of the file has RAM from 4 GiB to 0x240000000; the 8589934592 bytes of the file are those of RAM below 4 GiB and above',
    );
  });
});
