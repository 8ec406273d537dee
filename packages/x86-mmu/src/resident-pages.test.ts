import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import { linuxNonPresent } from './linux-non-present';
import { type PagingFormName, pagingForms } from './paging-form';

/** A 64-bit frame field as kernels with the L1TF mitigation store it: bits 12 to 51 flipped. */
const inverted = (frame: bigint) => ~frame & 0x000ffffffffff000n;
/** | TYPE (59-63) | ~OFFSET (9-58) | 0 ... |: an entry of the swap's layout, 64 bits. */
const swap = (type: bigint, offset: bigint) => (type << 59n) | ((~offset & ((1n << 50n) - 1n)) << 9n);

/** The last two tables that lead to address 0: the directory at 0x4000 and the table at 0x5000. */
const SMALL = { pd: 0x5067n };

interface Row {
  /** The page directory entry; by default it leads to the table at 0x5000. */
  readonly pd?: bigint;
  /** Entry 2 of that table. */
  readonly pt?: bigint;
  /** Physical address of the byte at virtual 0x2010, or `undefined` if there is none. */
  readonly physical: number | undefined;
  readonly reason?: string;
}

const types = { migration: [24, 25, 26], poisoned: [23], device: [27, 28] };
const reader = linuxNonPresent({ types });

/** Tables whose upper levels lead to the directory at 0x4000 for the lowest addresses. */
function spaceOf(form: PagingFormName, { pd = SMALL.pd, pt = 0n }: Row) {
  const memory = new FakePhysicalMemory();
  const size = form === 'i386' ? 4 : 8;
  const tops = { i386: [], pae: [0x3000], '4-level': [0x2000, 0x3000], '5-level': [0x1000, 0x2000, 0x3000] };
  const chain = [...tops[form], 0x4000];
  for (const [index, table] of tops[form].entries()) {
    memory.writeWord(table, BigInt(chain[index + 1] as number) | (form === 'pae' ? 1n : 7n));
  }
  memory.writeWord(0x4000, pd, size);
  memory.writeWord(0x5000 + 2 * size, pt, size);
  return { memory, space: new AddressSpace(pagingForms[form], memory, chain[0] as number, reader) };
}

const ENTRIES_64: readonly (readonly [string, Row])[] = [
  // PROT_NONE, ACCESSED and DIRTY, NX; the frame flipped
  ['PROT_NONE, inverted', { pt: 0x8000000000000160n | inverted(0x12345000n), physical: 0x12345010 }],
  // reclaim cleared ACCESSED
  ['PROT_NONE and old', { pt: 0x100n | inverted(0x12345000n), physical: 0x12345010 }],
  ['PROT_NONE above 4 GiB', { pt: 0x160n | inverted(0x123456000n), physical: 0x123456010 }],
  ['PROT_NONE before v4.19', { pt: 0x8000000012345160n, physical: 0x12345010 }],
  // PSE and PROT_NONE in a PDE: 2 MiB
  ['a PROT_NONE page of 2 MiB', { pd: 0x1e0n | (inverted(0x600000n) & ~0x1fffffn), physical: 0x602010 }],
  ['the same before v4.19', { pd: 0x6001e0n, physical: 0x602010 }],
  // PSE alone, while pmdp_invalidate() splits it
  [
    'a page of 2 MiB that is being split',
    { pd: 0xe0n | (inverted(0x600000n) & ~0x1fffffn), physical: 0x602010 },
  ],
  ['migration, to be read', { pt: swap(24n, 0x777n), physical: 0x777010 }],
  ['migration, to be written', { pt: swap(26n, 0x777n), physical: 0x777010 }],
  ['migration of 2 MiB', { pd: swap(25n, 0x600n), physical: 0x602010 }],
  // no page of a process lies in the lowest 16 frames: a marker under a number that is wrongly taken for migration
  ['migration without a frame', { pt: swap(24n, 4n), physical: undefined, reason: 'special' }],
  ['poisoned', { pt: swap(23n, 0x777n), physical: undefined, reason: 'poisoned' }],
  ['of a device', { pt: swap(27n, 0x777n), physical: undefined, reason: 'device' }],
  ['swapped', { pt: swap(0n, 0x777n), physical: undefined, reason: 'swapped' }],
  ['swapped before v4.19', { pt: 0x777n << 14n, physical: undefined, reason: 'swapped' }],
  ['a guard region', { pt: swap(31n, 4n), physical: undefined, reason: 'marker' }],
  ['empty', { pt: 0n, physical: undefined, reason: 'unmapped' }],
];

const ENTRIES_32: readonly (readonly [string, Row])[] = [
  // never inverted: frame, PROT_NONE, DIRTY, ACCESSED
  ['PROT_NONE', { pt: 0x12345160n, physical: 0x12345010 }],
  ['PROT_NONE, the highest bit set', { pt: 0xfffff160n, physical: 0xfffff010 }],
  // | OFFSET (9-31) | 0 | E | 0 | TYPE (1-5) | 0 |
  ['migration', { pt: (0x1234n << 9n) | (24n << 1n), physical: 0x1234010 }],
  ['swapped', { pt: (0x1234n << 9n) | (3n << 1n), physical: undefined, reason: 'swapped' }],
  [
    'swapped, exclusive',
    { pt: (0x1234n << 9n) | (3n << 1n) | 0x80n, physical: undefined, reason: 'swapped' },
  ],
  ['no large pages', { pd: 0x400180n, physical: undefined, reason: 'unknown' }],
];

function expectRow(form: PagingFormName, row: Row): void {
  const { memory, space } = spaceOf(form, row);
  expect(space.walk(0x2010n)).toMatchObject({ fault: 'not-present' });
  expect(space.translate(0x2010n)).toBe(row.physical);
  expect(space.mapping(0x2010n)?.physical).toBe(row.physical);
  if (row.physical === undefined) {
    expect(space.page(0x2010n)).toBeUndefined();
    expect(space.fault(0x2010n)).toMatchObject({ code: 'PAGE_NOT_PRESENT', fields: { reason: row.reason } });
    return;
  }
  expect(space.page(0x2010n)).toBeUndefined();
  expect(space.fault(0x2010n).code).toBe('PHYSICAL_HOLE');
  memory.write(row.physical, Uint8Array.of(0x5a));
  expect(space.page(0x2010n)?.bytes[0x10]).toBe(0x5a);
  expect(space.fault(0x2010n).code).toBe('PAGE_PRESENT');
}

describe.each(['pae', '4-level', '5-level'] as const)(
  'AddressSpace over %s entries that are not present',
  (form) => {
    it.each(ENTRIES_64)('%s', (_, row) => expectRow(form, row));

    it('knows the sizes, and that nobody may execute', () => {
      const small = spaceOf(form, { pt: 0x100n | inverted(0x12345000n), physical: 0 }).space;
      expect(small.mapping(0x2010n)).toEqual({
        physical: 0x12345010,
        size: 4096,
        writable: false,
        executable: false,
      });
      const large = spaceOf(form, { pd: 0x1e0n | (inverted(0x600000n) & ~0x1fffffn), physical: 0 }).space;
      expect(large.mapping(0x2010n)).toEqual({
        physical: 0x602010,
        size: 0x200000,
        writable: false,
        executable: false,
      });
    });

    it('reads them behind a translation lookaside buffer too, and after a flush', () => {
      const { memory, space } = spaceOf(form, { pt: 0x100n | inverted(0x7000n), physical: 0x7010 });
      memory.write(0x7010, Uint8Array.of(0x5a));
      expect(space.translate(0x0n)).toBeUndefined();
      for (let turn = 0; turn < 3; turn += 1) expect(space.page(0x2010n)?.bytes[0x10]).toBe(0x5a);
      space.flush();
      expect(space.withRoot(space.root).page(0x2010n)?.bytes[0x10]).toBe(0x5a);
    });
  },
);

describe('AddressSpace over i386 entries that are not present', () => {
  it.each(ENTRIES_32)('%s', (_, row) => expectRow('i386', row));
});

describe('AddressSpace without a reader', () => {
  it('reads nothing that the processor would not', () => {
    const { memory } = spaceOf('4-level', { pt: 0x160n | inverted(0x12345000n), physical: 0 });
    memory.write(0x12345010, Uint8Array.of(0x5a));
    const space = new AddressSpace(pagingForms['4-level'], memory, 0x2000);
    expect([space.page(0x2010n), space.translate(0x2010n), space.mapping(0x2010n)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('AddressSpace of a kernel whose bit 8 may be a part of a swap entry', () => {
  it.each(['i386', 'pae', '4-level'] as const)('names a page of %s and does not read it', (form) => {
    const { memory } = spaceOf(form, { pt: 0x12345160n, physical: 0 });
    memory.write(0x12345010, Uint8Array.of(0x5a));
    const root = { i386: 0x4000, pae: 0x3000, '4-level': 0x2000 }[form];
    const old = linuxNonPresent({ types, globalIsProtNone: false });
    const space = new AddressSpace(pagingForms[form], memory, root, old);
    expect(space.page(0x2010n)).toBeUndefined();
    expect(space.fault(0x2010n).message).toMatch(
      /: PROT_NONE or swapped out, in the format of an older kernel$/,
    );
  });
});
