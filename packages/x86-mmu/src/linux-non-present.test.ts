import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import { linuxNonPresent } from './linux-non-present';
import type { NonPresentEntry } from './non-present-entry';
import { type PagingFormName, pagingForms } from './paging-form';

const USER = 0x2123n;

/** The meaning of an entry in a table of the lowest level, or of the one above with `level` PDE. */
function reading(form: PagingFormName, entry: bigint, level = 'PTE', virtual = USER): NonPresentEntry {
  const types = { migration: [24, 25, 26], poisoned: [23], device: [27, 28, 29, 30] };
  const at = {
    fault: 'not-present',
    virtual,
    level: level as 'PTE',
    unmappedBytes: 1n,
    entries: [],
  } as const;
  return linuxNonPresent({ types })(pagingForms[form], { ...at, entry });
}

describe.each(['pae', '4-level', '5-level'] as const)('%s', (form) => {
  it.each<[string, bigint, string, Partial<NonPresentEntry>]>([
    ['nothing', 0n, 'PTE', { kind: 'unmapped' }],
    // pte_pfn() flips all bits of the frame where the entry is not present
    [
      'PROT_NONE, inverted',
      ~0x12345000n & 0x000ffffffffff000n,
      'PTE',
      { kind: 'prot-none', physical: 0x12345123 },
    ],
    ['PROT_NONE before v4.19', 0x12345000n, 'PTE', { kind: 'prot-none', physical: 0x12345123 }],
    [
      'a large PROT_NONE page',
      (~0x600000n & 0x000fffffffe00000n) | 0x80n,
      'PDE',
      { kind: 'prot-none', physical: 0x602123 },
    ],
  ])('%s', (_, entry, level, expected) => {
    const flagged = expected.kind === 'prot-none' ? entry | 0x8000000000000160n : entry;
    expect(reading(form, flagged, level)).toMatchObject(expected);
  });

  it('has an inverted frame of 46 bits on 4 levels, in kernels that know no more of them', () => {
    const entry = (~0x12345000n & 0x00003ffffffff000n) | 0x8000000000000160n;
    const { kind, physical } = reading(form, entry);
    expect(kind).toBe('prot-none');
    expect(physical === 0x12345123).toBe(form === '4-level');
    expect(reading(form, 0x00001ffffffff000n | 0x160n).physical).toBe(0x00001ffffffff123);
  });

  // | TYPE (59-63) | ~OFFSET (9-58) | 0 | 0 | X X X X X X | 0 |
  const swap = (type: bigint, offset: bigint) => (type << 59n) | ((~offset & ((1n << 50n) - 1n)) << 9n);

  it('tells swap file and page, whatever the software bits say', () => {
    const expected = { kind: 'swapped', swap: { type: 2, offset: 0x123456 } };
    for (const bits of [0n, 2n, 4n, 8n, 0xen])
      expect(reading(form, swap(2n, 0x123456n) | bits)).toMatchObject(expected);
    expect(reading(form, swap(2n, 0x123456n)).physical).toBeUndefined();
    expect(reading(form, swap(0n, 0n))).toMatchObject({ kind: 'swapped', swap: { type: 0, offset: 0 } });
  });

  it('names a page that is being moved by its frame, without the bits that are kept above it', () => {
    const young = 1n << (form === '5-level' ? 40n : form === 'pae' ? 24n : 34n);
    for (const type of [24n, 25n, 26n]) {
      expect(reading(form, swap(type, 0x777n | young))).toMatchObject({
        kind: 'migration',
        physical: 0x777123,
      });
    }
    expect(reading(form, swap(25n, 0x600n), 'PDE')).toMatchObject({ kind: 'migration', physical: 0x602123 });
  });

  it('names the other special entries', () => {
    expect(reading(form, swap(23n, 0x777n))).toMatchObject({ kind: 'poisoned', physical: 0x777123 });
    expect(reading(form, swap(28n, 0x777n))).toMatchObject({ kind: 'device' });
    // glibc 2.42 puts such guards below the stacks of threads
    expect(reading(form, 0xfffffffffffff600n)).toMatchObject({
      kind: 'marker',
      meaning: 'a marker: a guard region',
      swap: { type: 31, offset: 4 },
    });
    expect(reading(form, swap(31n, 3n)).meaning).toBe(
      'a marker: userfaultfd write-protection, a poisoned page',
    );
    expect(reading(form, swap(31n, 8n)).meaning).toBe('a marker: number 8');
  });

  it('claims no more than the numbering of the kernel allows where it is not known', () => {
    const fault = {
      fault: 'not-present',
      virtual: USER,
      level: 'PTE',
      unmappedBytes: 1n,
      entries: [],
    } as const;
    const read = (entry: bigint) => linuxNonPresent()(pagingForms[form], { ...fault, entry });
    expect(read(swap(22n, 5n)).kind).toBe('swapped');
    expect(read(swap(23n, 5n))).toEqual({
      kind: 'special',
      meaning: 'being migrated, in poisoned memory or in a device, at physical 0x5123',
      swap: { type: 23, offset: 5 },
    });
    expect(read(swap(31n, 4n)).kind).toBe('marker');
    expect(read(swap(31n, 0x777n)).kind).toBe('special');
  });

  it('does not guess at the swap entries of kernels before v4.19', () => {
    expect(reading(form, 0x123456n << 14n)).toEqual({
      kind: 'swapped',
      meaning: 'swapped out, in the format of an older kernel',
    });
  });

  it('names a large page that is being split', () => {
    expect(reading(form, 0x600000n | 0xe6n, 'PDE')).toMatchObject({ kind: 'splitting', physical: 0x602123 });
  });

  it('takes what is left in the map of the kernel for withheld', () => {
    expect(reading(form, 0x12345160n, 'PTE', form === 'pae' ? 0xc1000000n : 0xffffffff82000000n).kind).toBe(
      'withheld',
    );
  });

  it('knows no such entries of other levels', () => {
    expect(reading(form, 0x160n, 'PDPTE').kind).toBe('unknown');
    expect(reading(form, 0n, 'PDPTE').kind).toBe('unmapped');
  });
});

describe('i386', () => {
  it('inverts nothing', () => {
    expect(reading('i386', 0xfffff160n)).toMatchObject({ kind: 'prot-none', physical: 0xfffff123 });
    expect(reading('i386', 0x12345160n, 'PTE', 0x80000004n)).toMatchObject({
      kind: 'prot-none',
      physical: 0x12345004,
    });
  });
  it('has the type in bits 1 to 5 and the offset from bit 9 on', () => {
    // bit 7 is E, exclusive
    for (const bits of [0n, 0x80n]) {
      expect(reading('i386', (0x1234n << 9n) | (3n << 1n) | bits)).toMatchObject({
        kind: 'swapped',
        swap: { type: 3, offset: 0x1234 },
      });
    }
    expect(reading('i386', (0x1234n << 9n) | (24n << 1n))).toMatchObject({
      kind: 'migration',
      physical: 0x1234123,
    });
  });
  it('has no large pages of processes', () => {
    expect(reading('i386', 0x400180n, 'PDE').kind).toBe('unknown');
  });
});

describe('AddressSpace with a reader', () => {
  const memory = new FakePhysicalMemory();
  memory.writeWord(0x1000, 0x2007n);
  memory.writeWord(0x2000, 0x3007n);
  memory.writeWord(0x3000, 0x4007n);
  memory.writeWord(0x4010, 0x000ffffffa000160n); // PROT_NONE, frame 0x5ff...
  memory.writeWord(0x4018, (1n << 59n) | ((~7n & ((1n << 50n) - 1n)) << 9n));
  memory.setPage(0x5fff, Uint8Array.of(1));
  const space = new AddressSpace(pagingForms['4-level'], memory, 0x1000, linuxNonPresent());

  it('reads the page, though the processor would fault', () => {
    expect(space.page(USER)?.bytes[0]).toBe(1);
    expect(space.translate(USER)).toBe(0x5fff123);
    expect(space.walk(USER)).toMatchObject({ fault: 'not-present', entry: 0x000ffffffa000160n });
  });

  it('names the hole in memory if the dump lacks the page', () => {
    memory.removePage(0x5fff);
    const error = space.withRoot(0x1000).fault(USER);
    expect(error.code).toBe('PHYSICAL_HOLE');
    expect(error.message).toMatch(/physical 0x5fff000/);
  });

  it('names the swap slot, in the spaces of other roots too', () => {
    const error = space.withRoot(0x1000).fault(0x3000n);
    expect(error.message).toMatch(/swapped out, page 7 of swap file 1$/);
    expect(error.fields).toMatchObject({ reason: 'swapped', swap: { type: 1, offset: 7 } });
    expect(error.fields).not.toHaveProperty('physicalAddress');
  });

  it('leaves the message of an empty entry as it is', () => {
    const error = space.fault(0x1000n);
    expect(error.message).toBe('page not present: PT entry 0x0 at physical 0x4008, virtual 0x1000');
    expect([error.fields['reason'], error.hint]).toEqual([
      'unmapped',
      'the page was never used, was unmapped again, or belongs to another process: try --pid',
    ]);
  });

  it('asks only about entries that are not present', () => {
    expect(space.walk(0x800000000000n)).not.toHaveProperty('nonPresent');
    expect(space.walk(USER)).toMatchObject({ fault: 'not-present', nonPresent: { kind: 'prot-none' } });
  });
});
