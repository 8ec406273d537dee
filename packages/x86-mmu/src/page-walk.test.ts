import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import { walk } from './page-walk';
import { i386WithoutPse, type PagingForm, pagingForms } from './paging-form';

/** Writes commented entries, each `[physical address, entry]`, and gives the memory. */
function tables(form: PagingForm, entries: readonly (readonly [number, bigint])[]): FakePhysicalMemory {
  const memory = new FakePhysicalMemory();
  for (const [at, entry] of entries) memory.writeWord(at, entry, form.entrySize);
  return memory;
}

/**
 * The expected result of a walk: virtual address, fault, level, address of the entry, entry, bytes to the
 * hole's end.
 */
type FaultRow = readonly [bigint, string, string | undefined, number | undefined, bigint | undefined, bigint];

/** Declares the rows of a form as tests of both walkers. */
function rows(
  form: PagingForm,
  root: number,
  entries: readonly (readonly [number, bigint])[],
  mapped: readonly (readonly [virtual: bigint, physical: number, pageSize: number])[],
  faults: readonly FaultRow[],
): void {
  const memory = tables(form, entries);
  const space = new AddressSpace(form, memory, root);
  it.each(mapped)('%x -> %x', (virtual, physical, pageSize) => {
    expect(walk(form, memory, root, virtual)).toMatchObject({ virtual, physical, pageSize });
    expect(space.translate(virtual)).toBe(physical);
  });
  it.each(faults)('%x: %s %s', (virtual, fault, level, entryAddress, entry, unmappedBytes) => {
    const result = walk(form, memory, root, virtual);
    if (result.fault === undefined) throw new Error('no fault');
    expect(result).toMatchObject({ virtual, fault });
    expect([result.level, result.entryAddress, result.entry]).toEqual([level, entryAddress, entry]);
    expect(result.unmappedBytes).toBe(unmappedBytes);
    expect(space.translate(virtual)).toBeUndefined();
  });
}

describe('4-level', () => {
  const form = pagingForms['4-level'];
  const entries: [number, bigint][] = [
    // PML4 at 0x1000
    [0x1000, 0x2007n], //            [0]   user half -> PDPT 0x2000
    [0x1008, 0x8000000002007n], //   [1]   a PDPT at 2^51
    [0x1880, 0x2087n], //            [272] PS is reserved here
    [0x1888, 0x2007n], //            [273] direct map of 4 levels -> the same PDPT
    [0x1890, 0x0000000099000007n], //[274] a PDPT that no dump has
    [0x1ff8, 0x3003n], //            [511] kernel image -> PDPT 0x3000
    [0x17f8, 0x10003n], //           [255] the last of the user half -> PDPT 0x10000
    [0x10ff8, 0x11003n], //          [511] -> PD 0x11000
    [0x11ff8, 0x12003n], //          [511] -> PT 0x12000
    [0x12ff8, 0x9003n], //           [511] page 0x9000
    // PDPT at 2^51
    [0x8000000002000, 0xc0000087n], // [0] 1 GiB page at 3 GiB
    // PDPT at 0x2000
    [0x2000, 0x4007n], //            [0] -> PD 0x4000
    [0x2008, 0x80000000c00010e7n], //[1] 1 GiB page at 3 GiB, PAT and NX set
    [0x2010, 0x80006087n], //        [2] 1 GiB page with bits 13 and 14 set: reserved
    [0x2018, 0x0000000000000086n], //[3] not present, though PS is set
    // PDPT at 0x3000
    [0x3ff0, 0x5003n], //            [510] -> PD 0x5000
    [0x3ff8, 0x13003n], //           [511] -> PD 0x13000, PT 0x14000
    [0x13ff8, 0x14003n], //          [511]
    [0x14ff8, 0xa003n], //           [511] page 0xa000
    // PD at 0x4000
    [0x4000, 0x6007n], //            [0] -> PT 0x6000
    [0x4008, 0x00000000402011e7n], //[1] 2 MiB page at 0x40200000, PAT set
    [0x4010, 0x00000000402021e7n], //[2] 2 MiB page, bit 13 set: reserved
    // PD at 0x5000
    [0x5098, 0x00000000026001e3n], // [19] 2 MiB page at 0x2600000
    // PT at 0x6000
    [0x6000, 0x8000000007000867n], //[0] page 0x7000000, NX
    [0x6008, 0x000ffffffffff067n], //[1] the last frame that 52 bits can name
    [0x6010, 0x0000000008000160n], //[2] PROT_NONE
    [0x6018, 0x05f0000000000001n], //[3] frame 0 with ignored bits and a key
  ];
  const mapped: [bigint, number, number][] = [
    [0x0n, 0x7000000, 4096],
    [0xfffn, 0x7000fff, 4096],
    [0x1234n, 0xffffffffff234, 4096],
    [0x3001n, 0x1, 4096],
    [0x200000n, 0x40200000, 0x200000],
    [0x3fffffn, 0x403fffff, 0x200000],
    [0x40000000n, 0xc0000000, 0x40000000],
    [0x7fffffffn, 0xffffffff, 0x40000000],
    [0x8000000000n, 0xc0000000, 0x40000000],
    [0xffff888000000010n, 0x7000010, 4096],
    [0xffffffff82613780n, 0x2613780, 0x200000],
    [0x7ffffffff123n, 0x9123, 4096],
    [0xffffffffffffffffn, 0xafff, 4096],
  ];
  const faults: FaultRow[] = [
    [0x2000n, 'not-present', 'PTE', 0x6010, 0x8000160n, 0x1000n],
    [0x4fffn, 'not-present', 'PTE', 0x6020, 0n, 1n],
    [0x400000n, 'reserved-bit', 'PDE', 0x4010, 0x402021e7n, 0x200000n],
    [0x600010n, 'not-present', 'PDE', 0x4018, 0n, 0x1ffff0n],
    [0x80000000n, 'reserved-bit', 'PDPTE', 0x2010, 0x80006087n, 0x40000000n],
    [0xc0000000n, 'not-present', 'PDPTE', 0x2018, 0x86n, 0x40000000n],
    [0x10000000000n, 'not-present', 'PML4E', 0x1010, 0n, 0x8000000000n],
    [0xffff880000000000n, 'reserved-bit', 'PML4E', 0x1880, 0x2087n, 0x8000000000n],
    [0xffff890000000ff8n, 'table-missing', 'PDPTE', 0x99000000, undefined, 0x3ffff008n],
    [0x0000800000000000n, 'non-canonical', undefined, undefined, undefined, 0xffff000000000000n],
    [0xffff7fffffffffffn, 'non-canonical', undefined, undefined, undefined, 1n],
    [0x7fffffffefffn, 'not-present', 'PTE', 0x12ff0, 0n, 1n],
    [0x7fffffdfffffn, 'not-present', 'PDE', 0x11ff0, 0n, 1n],
    [0xffffffffffffe000n, 'not-present', 'PTE', 0x14ff0, 0n, 0x1000n],
  ];
  rows(form, 0x1000, entries, mapped, faults);

  const memory = tables(form, entries);
  it('names every entry on the way, also on the way to a fault', () => {
    expect(walk(form, memory, 0x1000, 0xffffffff82613780n).entries).toEqual([
      { level: 'PML4E', entryAddress: 0x1ff8, entry: 0x3003n },
      { level: 'PDPTE', entryAddress: 0x3ff0, entry: 0x5003n },
      { level: 'PDE', entryAddress: 0x5098, entry: 0x26001e3n },
    ]);
    expect(walk(form, memory, 0x1000, 0x2000n).entries.map((entry) => entry.level)).toEqual([
      'PML4E',
      'PDPTE',
      'PDE',
      'PTE',
    ]);
  });
});

describe('5-level', () => {
  const entries: [number, bigint][] = [
    // PML5 at 0x1000
    [0x1000, 0x2007n], //  [0]   user half -> PML4 0x2000
    [0x17f8, 0x2007n], //  [255] the last of the user half, 2^56 - 2^48
    [0x1800, 0x2087n], //  [256] PS is reserved here
    [0x1888, 0x2007n], //  [273] direct map of 5 levels, 0xff11000000000000
    [0x1890, 0x99000007n], //[274] a PML4 that no dump has
    [0x1ff8, 0x2007n], //  [511] kernel image
    // PML4 at 0x2000
    [0x2000, 0x3007n], //  [0] -> PDPT 0x3000
    [0x2008, 0x2087n], //  [1] PS is reserved here
    [0x2ff8, 0x4007n], //  [511] -> PDPT 0x4000
    // PDPT at 0x3000
    [0x3000, 0x1400000e7n], //[0] 1 GiB page at 5 GiB
    [0x3008, 0x140002000n | 0xe7n], //[1] 1 GiB page, bit 13 set: reserved
    // PDPT 0x4000, PD 0x5000, PT 0x6000: the last entries
    [0x4ff8, 0x5007n],
    [0x5ff0, 0x6001e7n], //[510] 2 MiB page at 0x600000, PAT clear
    [0x5ff8, 0x6007n],
    [0x6ff8, 0x8007n],
  ];
  const mapped: [bigint, number, number][] = [
    [0x12345678n, 0x152345678, 0x40000000],
    [0xff11000000000001n, 0x140000001, 0x40000000],
    [0xffffffffffc00010n, 0x600010, 0x200000],
    [0xffffffffffffffffn, 0x8fff, 4096],
    [0x00ffffffffffffffn, 0x8fff, 4096],
  ];
  const faults: FaultRow[] = [
    [0x0100000000000000n, 'non-canonical', undefined, undefined, undefined, 0xfe00000000000000n],
    [0xfeffffffffffffffn, 'non-canonical', undefined, undefined, undefined, 1n],
    [0xff00000000000000n, 'reserved-bit', 'PML5E', 0x1800, 0x2087n, 0x1000000000000n],
    [0x0001000000000000n, 'not-present', 'PML5E', 0x1008, 0n, 0x1000000000000n],
    [0xff12000000000ff8n, 'table-missing', 'PML4E', 0x99000000, undefined, 0x7ffffff008n],
    [0x8000000000n, 'reserved-bit', 'PML4E', 0x2008, 0x2087n, 0x8000000000n],
    [0x10000000000n, 'not-present', 'PML4E', 0x2010, 0n, 0x8000000000n],
    [0x40000001n, 'reserved-bit', 'PDPTE', 0x3008, 0x1400020e7n, 0x3fffffffn],
    [0xffffffffbfffffffn, 'not-present', 'PDPTE', 0x4ff0, 0n, 1n],
    [0xffffffffffa00000n, 'not-present', 'PDE', 0x5fe8, 0n, 0x200000n],
    [0xffffffffffffe001n, 'not-present', 'PTE', 0x6ff0, 0n, 0xfffn],
  ];
  rows(pagingForms['5-level'], 0x1000, entries, mapped, faults);
});

describe('pae', () => {
  const entries: [number, bigint][] = [
    // PDPT of four entries at 0x10e0: its page has others before and after it
    [0x10d8, 0x3001n],
    [0x10e0, 0x2021n], //  [0] -> PD 0x2000, with the accessed bit that QEMU sets
    [0x10e8, 0x2003n], //  [1] bit 1 is reserved in a PDPTE
    [0x10f0, 0x8000000000003001n], //[2] bit 63 too
    [0x10f8, 0x3001n], //  [3] -> PD 0x3000
    [0x1100, 0x3001n],
    // PD at 0x3000
    [0x3000, 0x4063n], //  [0] -> PT 0x4000
    [0x3008, 0x80000001002001e3n], //[1] 2 MiB page at 4 GiB + 2 MiB, NX
    [0x3010, 0x0010000000004063n], //[2] bit 52 is reserved
    [0x3018, 0x0000000000a011e3n], //[3] 2 MiB page at 10 MiB, PAT set
    [0x3020, 0x0000000000a041e3n], //[4] bit 14 is reserved
    [0x3028, 0x99000063n], //        [5] a PT that no dump has
    [0x3ff8, 0x5063n], //            [511] -> PT 0x5000
    // PT at 0x4000
    [0x4008, 0x8000000212345063n], //[1] page above 8 GiB, NX
    [0x4010, 0x0010000000345063n], //[2] bit 52 is reserved
    [0x4018, 0x00000000003450e3n], //[3] bit 7 of a 4 KiB page is PAT
    [0x5ff8, 0x7063n], //            [511] page 0x7000
  ];
  const mapped: [bigint, number, number][] = [
    [0xc0001abcn, 0x212345abc, 4096],
    [0xc0200010n, 0x100200010, 0x200000],
    [0xc0600000n, 0xa00000, 0x200000],
    [0xc07fffffn, 0xbfffff, 0x200000],
    [0xc0003fffn, 0x345fff, 4096],
    [0xffffffffn, 0x7fff, 4096],
  ];
  const faults: FaultRow[] = [
    [0x0n, 'table-missing', 'PDE', 0x2000, undefined, 0x200000n],
    [0x40000000n, 'reserved-bit', 'PDPTE', 0x10e8, 0x2003n, 0x40000000n],
    [0xbfffffffn, 'reserved-bit', 'PDPTE', 0x10f0, 0x8000000000003001n, 1n],
    [0xc0401000n, 'reserved-bit', 'PDE', 0x3010, 0x10000000004063n, 0x1ff000n],
    [0xc0800000n, 'reserved-bit', 'PDE', 0x3020, 0xa041e3n, 0x200000n],
    [0xc0a01000n, 'table-missing', 'PTE', 0x99000008, undefined, 0x1000n],
    [0xc0c00001n, 'not-present', 'PDE', 0x3030, 0n, 0x1fffffn],
    [0xc0000000n, 'not-present', 'PTE', 0x4000, 0n, 0x1000n],
    [0xc0002000n, 'reserved-bit', 'PTE', 0x4010, 0x10000000345063n, 0x1000n],
    [0x100000000n, 'non-canonical', undefined, undefined, undefined, 0xffffffff00000000n],
    [0xffffffffc0001000n, 'non-canonical', undefined, undefined, undefined, 0x3ffff000n],
  ];
  rows(pagingForms.pae, 0x10e0, entries, mapped, faults);
  rows(pagingForms.pae, 0x20c0, [[0x20d8, 0n]], [], [[0xffffffffn, 'not-present', 'PDPTE', 0x20d8, 0n, 1n]]);
});

describe('i386', () => {
  const entries: [number, bigint][] = [
    // PD at 0x1000
    [0x1000, 0x99000063n], //[0]  a PT that no dump has
    [0x1c00, 0x2063n], //  [768] -> PT 0x2000
    [0x1c04, 0x004001e3n], //[769] 4 MiB page at 4 MiB
    [0x1c08, 0x008061e3n], //[770] 4 MiB page at 12 GiB + 8 MiB (PSE-36: bits 13 and 14)
    [0x1c0c, 0x006001e3n], //[771] bit 21 is reserved
    [0x1c10, 0xffdff1e3n], //[772] the last 4 MiB of 40 bits, PAT set
    [0x1ffc, 0x3063n], //  [1023] -> PT 0x3000
    // PT at 0x2000 and 0x3000
    [0x2004, 0xfffff063n], //[1]  the last page of 4 GiB
    [0x2008, 0x00005063n], //[2]  page 0x5000
    [0x200c, 0x000050e3n], //[3]  the same, PAT set (bit 7)
    [0x3ffc, 0x6063n], //  [1023] page 0x6000
  ];
  const faults: FaultRow[] = [
    [0xc0c00000n, 'reserved-bit', 'PDE', 0x1c0c, 0x6001e3n, 0x400000n],
    [0xc1400001n, 'not-present', 'PDE', 0x1c14, 0n, 0x3fffffn],
    [0xc0000000n, 'not-present', 'PTE', 0x2000, 0n, 0x1000n],
    [0xffffe000n, 'not-present', 'PTE', 0x3ff8, 0n, 0x1000n],
    [0x1004n, 'table-missing', 'PTE', 0x99000004, undefined, 0xffcn],
    [0x100000000n, 'non-canonical', undefined, undefined, undefined, 0xffffffff00000000n],
  ];
  const pages: [bigint, number, number][] = [
    [0xc0001fffn, 0xffffffff, 4096],
    [0xc0002004n, 0x5004, 4096],
    [0xc0003004n, 0x5004, 4096],
    [0xffffffffn, 0x6fff, 4096],
  ];
  const large: [bigint, number, number][] = [
    [0xc0412345n, 0x412345, 0x400000],
    [0xc0800001n, 0x300800001, 0x400000],
    [0xc13fffffn, 0xffffffffff, 0x400000],
  ];
  rows(pagingForms.i386, 0x1000, entries, [...pages, ...large], faults);

  describe('without CR4.PSE', () => {
    const further: FaultRow[] = [
      [0xc0412345n, 'table-missing', 'PTE', 0x400048, undefined, 0xcbbn],
      [0xc0c00000n, 'table-missing', 'PTE', 0x600000, undefined, 0x1000n],
    ];
    rows(i386WithoutPse, 0x1000, entries, pages, [...faults.slice(1), ...further]);
  });
});

it('counts only the low 64 bits of an address', () => {
  const memory = tables(pagingForms.i386, [[0x1000, 0x1e3n]]);
  expect(walk(pagingForms.i386, memory, 0x1000, (1n << 64n) + 4n)).toMatchObject({
    virtual: 4n,
    physical: 4,
  });
  expect(walk(pagingForms['4-level'], memory, 0x1000, -1n)).toMatchObject({
    virtual: 0xffffffffffffffffn,
    fault: 'not-present',
    unmappedBytes: 1n,
  });
});
