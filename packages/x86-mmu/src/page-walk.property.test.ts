import {
  FakePhysicalMemory,
  type LayoutRow,
  layOutPages,
  type PageTableBuilder,
} from '@osi-linux/test-fixtures/fake-memory';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import type { FaultedWalk } from './page-walk';
import { i386WithoutPse, type PagingFormName, pagingForms } from './paging-form';
import { findVirtual } from './reverse-map';

const VIRTUAL_BITS = { i386: 32, pae: 32, '4-level': 48, '5-level': 57 } as const;

/** The last byte of a hole is not mapped either, by the very same entry; the one behind it has another. */
function expectHole(
  space: AddressSpace,
  built: PageTableBuilder,
  { virtual, unmappedBytes, entryAddress }: FaultedWalk,
) {
  const last = space.walk(virtual + unmappedBytes - 1n);
  expect([last.physical, built.lookup(virtual + unmappedBytes - 1n)]).toEqual([undefined, undefined]);
  expect(last).toMatchObject({ entryAddress, unmappedBytes: 1n });
  const behind = space.walk(virtual + unmappedBytes);
  expect(behind.entries[last.entries.length - 1]?.entryAddress).not.toBe(entryAddress);
}

/** An arbitrary canonical address. */
function addresses(form: PagingFormName): fc.Arbitrary<bigint> {
  const bits = VIRTUAL_BITS[form];
  const value = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
  return bits === 32 ? value : value.map((low) => BigInt.asUintN(64, BigInt.asIntN(bits, low)));
}

/** A page anywhere; see `layOutPages`. */
function pages(form: PagingFormName): fc.Arbitrary<LayoutRow> {
  return fc.record({
    at: addresses(form),
    size: fc.nat({ max: 2 }),
    frame: fc.nat({ max: 2 ** 40 - 1 }),
    offset: fc.nat({ max: 0xfffffff }),
    pat: fc.boolean(),
  });
}

describe.each(['i386', 'pae', '4-level', '5-level'] as const)('%s: any layout', (form) => {
  it('walk and translate equal what the builder mapped', () => {
    const layouts = fc.array(pages(form), { maxLength: 12 });
    fc.assert(
      fc.property(layouts, fc.array(addresses(form), { maxLength: 8 }), (rows, others) => {
        const { memory, built, probes } = layOutPages(form, rows);
        const space = new AddressSpace(pagingForms[form], memory, built.root);
        for (const probe of [...probes, ...others, ...probes]) {
          expect(space.translate(probe)).toBe(built.lookup(probe));
          const walked = space.walk(probe);
          expect(walked.physical).toBe(built.lookup(probe));
          if (walked.fault !== undefined && walked.level !== undefined) expectHole(space, built, walked);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('every page is found from behind, and nothing but what translates back', () => {
    fc.assert(
      fc.property(fc.array(pages(form), { maxLength: 12 }), (rows) => {
        const { memory, built, probes } = layOutPages(form, rows);
        const space = new AddressSpace(pagingForms[form], memory, built.root);
        for (const probe of probes) {
          const physical = built.lookup(probe);
          if (physical === undefined) continue;
          const found = findVirtual(pagingForms[form], memory, built.root, physical);
          expect(found).toMatchObject({ missingTables: [] });
          expect(found.cutOff).toBeUndefined();
          const expected = built.mappings.filter(
            (map) => physical >= map.physical && physical < map.physical + map.size,
          );
          const addressesOf = expected.map((map) => map.virtual + BigInt(physical - map.physical));
          expect(found.mappings.map(({ virtual }) => virtual)).toEqual(
            addressesOf.sort((a, b) => (a < b ? -1 : 1)),
          );
          expect(found.mappings.every(({ virtual }) => space.translate(virtual) === physical)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('the two walkers agree over random garbage, in as many steps as there are levels', () => {
    const forms = form === 'i386' ? [pagingForms.i386, i386WithoutPse] : [pagingForms[form]];
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { minLength: 6, maxLength: 6 }),
        fc.array(addresses(form), { minLength: 8, maxLength: 8 }),
        fc.constantFrom(0n, 0xfff0000000000186n, 0xfff00000001fe186n),
        (words, probes, cleared) => {
          const memory = garbage(words, cleared);
          for (const at of probes) {
            for (const chosen of forms) {
              const space = new AddressSpace(chosen, memory, 0);
              memory.calls.length = 0;
              const translated = space.translate(at);
              expect(memory.calls.length).toBeLessThanOrEqual(chosen.levels.length);
              expect(translated).toBe(space.walk(at).physical);
            }
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});

/** Eight frames of entries drawn from few words, mostly present, that point at themselves, each other and nowhere. */
function garbage(words: readonly bigint[], cleared: bigint): FakePhysicalMemory {
  const memory = new FakePhysicalMemory();
  for (let frame = 0; frame < 8; frame += 1) {
    const view = new DataView(memory.setPage(frame).buffer);
    for (let offset = 0; offset < 4096; offset += 8) {
      const word = words[(offset / 8 + frame) % words.length] ?? 0n;
      const flags = (word & 0xfff00000001fe1ffn & ~cleared) | (word & 0x87n);
      view.setBigUint64(offset, flags | (((word >> 20n) % 9n) << 12n), true);
    }
  }
  return memory;
}

describe.each(['i386', 'pae', '4-level', '5-level'] as const)('%s: a table of itself', (form) => {
  it('is walked as often as there are levels', () => {
    const memory = new FakePhysicalMemory();
    const chosen = pagingForms[form];
    // Each entry of the PML4 (or of the top table) leads to the table itself.
    for (let at = 0; at < 4096; at += chosen.entrySize)
      memory.writeWord(0x5000 + at, 0x5001n, chosen.entrySize);
    const space = new AddressSpace(chosen, memory, 0x5000);
    memory.calls.length = 0;
    expect(space.translate(0x12345678n)).toBe(0x5678);
    expect(memory.calls.length).toBe(chosen.levels.length);
    expect(space.walk(0x12345678n).entries).toHaveLength(chosen.levels.length);
  });
});
