import { FakePhysicalMemory, PageTableBuilder } from '@osi-linux/test-fixtures/fake-memory';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import { walk } from './page-walk';
import { type PagingFormName, pagingForms } from './paging-form';

/** Writes commented entries, each `[physical address, entry]`, and gives the memory. */
function tables(form: PagingFormName, entries: readonly (readonly [number, bigint])[]): FakePhysicalMemory {
  const memory = new FakePhysicalMemory();
  for (const [at, entry] of entries) memory.writeWord(at, entry, pagingForms[form].entrySize);
  return memory;
}

describe('4-level', () => {
  const memory = tables('4-level', [
    // PML4 at 0x1000
    [0x1000, 0x2007n], //            [0]   user half -> PDPT 0x2000
    [0x1008, 0x8000000002007n], //   [1]   a PDPT at 2^51
    [0x1880, 0x2087n], //            [272] PS is reserved here
    [0x1888, 0x2007n], //            [273] direct map of 4 levels -> the same PDPT
    [0x1890, 0x0000000099000007n], //[274] a PDPT that no dump has
    [0x1ff8, 0x3003n], //            [511] kernel image -> PDPT 0x3000
    // PDPT at 2^51
    [0x8000000002000, 0xc0000087n], // [0] 1 GiB page at 3 GiB
    // PDPT at 0x2000
    [0x2000, 0x4007n], //            [0] -> PD 0x4000
    [0x2008, 0x80000000c00010e7n], //[1] 1 GiB page at 3 GiB, PAT and NX set
    [0x2010, 0x80006087n], //        [2] 1 GiB page with bits 13 and 14 set: reserved
    [0x2018, 0x0000000000000086n], //[3] not present, though PS is set
    // PDPT at 0x3000
    [0x3ff0, 0x5003n], //            [510] -> PD 0x5000
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
  ]);

  it.each<[bigint, number, number]>([
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
  ])('%x -> %x', (virtual, physical, pageSize) => {
    const result = walk(pagingForms['4-level'], memory, 0x1000, virtual);
    expect(result).toMatchObject({ virtual, physical, pageSize });
    expect(new AddressSpace(pagingForms['4-level'], memory, 0x1000).translate(virtual)).toBe(physical);
  });

  it.each([
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
  ] as const)('%x: %s', (virtual, fault, level, entryAddress, entry, holeBytes) => {
    const result = walk(pagingForms['4-level'], memory, 0x1000, virtual);
    expect(result).toMatchObject({ fault, virtual, holeBytes });
    if (result.fault === undefined) throw new Error('no fault');
    expect([result.level, result.entryAddress, result.entry]).toEqual([level, entryAddress, entry]);
    expect(new AddressSpace(pagingForms['4-level'], memory, 0x1000).translate(virtual)).toBeUndefined();
  });

  it('names every entry on the way, also on the way to a fault', () => {
    expect(walk(pagingForms['4-level'], memory, 0x1000, 0xffffffff82613780n).entries).toEqual([
      { level: 'PML4E', entryAddress: 0x1ff8, entry: 0x3003n },
      { level: 'PDPTE', entryAddress: 0x3ff0, entry: 0x5003n },
      { level: 'PDE', entryAddress: 0x5098, entry: 0x26001e3n },
    ]);
    expect(walk(pagingForms['4-level'], memory, 0x1000, 0x2000n).entries.map((entry) => entry.level)).toEqual(
      ['PML4E', 'PDPTE', 'PDE', 'PTE'],
    );
  });
});

describe('5-level', () => {
  const memory = tables('5-level', [
    // PML5 at 0x1000
    [0x1000, 0x2007n], // [0]   -> PML4 0x2000
    [0x1888, 0x2007n], // [273] direct map of 5 levels, 0xff11000000000000
    // PML4 at 0x2000, PDPT at 0x3000
    [0x2000, 0x3007n], // [0] -> PDPT 0x3000
    [0x3000, 0x00000001400000e7n], // [0] 1 GiB page at 5 GiB
  ]);
  it.each<[bigint, number | undefined]>([
    [0x12345678n, 0x152345678],
    [0xff11000000000001n, 0x140000001],
    [0x00ffffffffffffffn, undefined], // canonical, but nothing there
    [0x0100000000000000n, undefined],
  ])('%x -> %s', (virtual, physical) => {
    expect(walk(pagingForms['5-level'], memory, 0x1000, virtual).physical).toBe(physical);
    expect(new AddressSpace(pagingForms['5-level'], memory, 0x1000).translate(virtual)).toBe(physical);
  });
  it('has the canonical gap of 57 bits', () => {
    expect(walk(pagingForms['5-level'], memory, 0x1000, 0x0100000000000000n)).toMatchObject({
      fault: 'non-canonical',
      holeBytes: 0xfe00000000000000n,
    });
    expect(walk(pagingForms['5-level'], memory, 0x1000, 0x00ffffffffffffffn)).toMatchObject({
      fault: 'not-present',
      level: 'PML5E',
    });
  });
});

describe('pae', () => {
  const memory = tables('pae', [
    // PDPT of four entries at 0x10e0: its page has three others before it
    [0x10e0, 0x2021n], // [0] -> PD 0x2000, with the accessed bit that QEMU sets
    [0x10e8, 0x2003n], // [1] bit 1 is reserved in a PDPTE
    [0x10f8, 0x3001n], // [3] -> PD 0x3000
    [0x3000, 0x4063n], // PD [0] -> PT 0x4000
    [0x3008, 0x80000001002001e3n], // PD [1] 2 MiB page at 4 GiB + 2 MiB, NX
    [0x3010, 0x0010000000200063n], // PD [2] bit 52 is reserved
    [0x4010, 0x0010000000345063n], // PT [2] bit 52 is reserved
    [0x4008, 0x8000000212345063n], // PT [1] page above 8 GiB
  ]);
  it.each<[bigint, number | undefined]>([
    [0xc0001abcn, 0x212345abc],
    [0xc0200010n, 0x100200010],
    [0xc0002000n, undefined],
    [0xc0400000n, undefined],
    [0x40000000n, undefined],
    [0x80000000n, undefined],
    [0x1c0001abcn, undefined],
  ])('%x -> %s', (virtual, physical) => {
    expect(walk(pagingForms.pae, memory, 0x10e0, virtual).physical).toBe(physical);
    expect(new AddressSpace(pagingForms.pae, memory, 0x10e0).translate(virtual)).toBe(physical);
  });
  it('tells reserved bits', () => {
    expect(walk(pagingForms.pae, memory, 0x10e0, 0x40000000n)).toMatchObject({ fault: 'reserved-bit' });
    expect(walk(pagingForms.pae, memory, 0x10e0, 0xc0400000n)).toMatchObject({ fault: 'reserved-bit' });
  });
});

describe('i386', () => {
  const memory = tables('i386', [
    // PD at 0x1000
    [0x1c00, 0x2063n], // [768] -> PT 0x2000
    [0x1c04, 0x004001e3n], // [769] 4 MiB page at 4 MiB
    [0x1c08, 0x008061e3n], // [770] 4 MiB page at 12 GiB + 8 MiB (PSE-36: bits 13 and 14)
    [0x1c0c, 0x006001e3n], // [771] bit 21 is reserved
    [0x2004, 0xfffff063n], // PT [1] the last page of 4 GiB
  ]);
  it.each<[bigint, number | undefined]>([
    [0xc0001fffn, 0xffffffff],
    [0xc0412345n, 0x412345],
    [0xc0800001n, 0x300800001],
    [0xc0c00000n, undefined],
    [0xc0000000n, undefined],
    [0xffffffffc0001000n, undefined],
  ])('%x -> %s', (virtual, physical) => {
    expect(walk(pagingForms.i386, memory, 0x1000, virtual).physical).toBe(physical);
    expect(new AddressSpace(pagingForms.i386, memory, 0x1000).translate(virtual)).toBe(physical);
  });
});

const VIRTUAL_BITS = { i386: 32, pae: 32, '4-level': 48, '5-level': 57 } as const;

/** An arbitrary canonical address. */
function addresses(form: PagingFormName): fc.Arbitrary<bigint> {
  const bits = VIRTUAL_BITS[form];
  const value = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
  return bits === 32 ? value : value.map((low) => BigInt.asUintN(64, BigInt.asIntN(bits, low)));
}

describe.each(['i386', 'pae', '4-level', '5-level'] as const)('%s: any layout', (form) => {
  const builder = (): { memory: FakePhysicalMemory; built: PageTableBuilder } => {
    const memory = new FakePhysicalMemory();
    return { memory, built: new PageTableBuilder(memory, form, form === 'pae' ? 0x1060 : 0x1000) };
  };
  // One region a mapping, as wide as the largest page, so that no page covers another's table.
  const mapping = fc.record({
    at: addresses(form),
    size: fc.nat({ max: 2 }),
    frame: fc.nat({ max: form === 'i386' ? 0x3ff : 0x3fffff }),
    offset: fc.nat({ max: 0xfffffff }),
    pat: fc.boolean(),
  });
  it('walk and translate equal what the builder mapped', () => {
    fc.assert(
      fc.property(
        fc.array(mapping, { maxLength: 12 }),
        fc.array(addresses(form), { maxLength: 8 }),
        (rows, others) => {
          const { memory, built } = builder();
          const regions = new Set<bigint>();
          const probes = [...others];
          for (const row of rows) {
            const region = row.at >> 30n;
            if (regions.has(region)) continue;
            regions.add(region);
            const size = built.pageSizes[row.size % built.pageSizes.length] ?? 4096;
            const virtual = row.at - (row.at % BigInt(size));
            built.map(virtual, row.frame * size, size, row.pat && size > 4096 ? 0x1000n : 0n);
            probes.push(
              row.at,
              virtual,
              virtual + BigInt(row.offset % size),
              BigInt.asUintN(64, virtual - 1n),
            );
          }
          const space = new AddressSpace(pagingForms[form], memory, built.root);
          for (const probe of [...probes, ...probes]) {
            expect(space.translate(probe)).toBe(built.lookup(probe));
            expect(space.walk(probe).physical).toBe(built.lookup(probe));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('the two walkers agree over random tables', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { minLength: 6, maxLength: 6 }),
        addresses(form),
        (words, at) => {
          // Eight frames of entries drawn from few words, mostly present and pointing back into them.
          const memory = new FakePhysicalMemory();
          for (let frame = 0; frame < 8; frame += 1) {
            for (let offset = 0; offset < 4096; offset += 8) {
              const word = words[(offset / 8 + frame) % words.length] ?? 0n;
              memory.writeWord(
                frame * 4096 + offset,
                (word & 0xfff00000000001ffn & ~0xfff0000000000186n) |
                  (word & 0x87n) |
                  (((word >> 20n) % 9n) << 12n),
              );
            }
          }
          const space = new AddressSpace(pagingForms[form], memory, 0);
          expect(space.translate(at)).toBe(space.walk(at).physical);
        },
      ),
      { numRuns: 150 },
    );
  });
});
