import { FakePhysicalMemory, PageTableBuilder } from '@osi-linux/test-fixtures/fake-memory';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import { pagingForms } from './paging-form';
import { findVirtual } from './reverse-map';

const form = pagingForms['4-level'];

describe('findVirtual', () => {
  it('finds small and large pages, ascending, with the offset in the page', () => {
    const memory = new FakePhysicalMemory();
    const built = new PageTableBuilder(memory, '4-level', 0x10000);
    built.map(0xffff888000200000n, 0x400000, 2 ** 21, 0x1000n);
    built.map(0x7f0000000000n, 0x4ab000);
    built.map(0xffffc90000001000n, 0x4ab000);
    built.map(0xffffc90000002000n, 0x4ac000);
    expect(findVirtual(form, memory, built.root, 0x4ab123)).toEqual({
      mappings: [
        { virtual: 0x7f0000000123n, physical: 0x4ab123, pageSize: 4096 },
        { virtual: 0xffff8880002ab123n, physical: 0x4ab123, pageSize: 2 ** 21 },
        { virtual: 0xffffc90000001123n, physical: 0x4ab123, pageSize: 4096 },
      ],
      missingTables: [],
    });
    expect(findVirtual(form, memory, built.root, 0x9000).mappings).toEqual([]);
  });

  it('finds a table that two entries share under both of them', () => {
    const memory = new FakePhysicalMemory();
    const built = new PageTableBuilder(memory, '4-level', 0x10000);
    built.map(0x0n, 0x5000);
    memory.writeWord(built.entryAddress(0x200000n, 2), 0x13007n); // [1] of the PD -> the PT of [0]
    expect(findVirtual(form, memory, built.root, 0x5001).mappings.map(({ virtual }) => virtual)).toEqual([
      0x1n,
      0x200001n,
    ]);
  });

  it('leaves out what the processor would not translate', () => {
    const memory = new FakePhysicalMemory();
    const built = new PageTableBuilder(memory, '4-level', 0x10000);
    built.map(0x0n, 0x5000);
    built.write(built.entryAddress(0x1000n, 3), 0x5160n); // PROT_NONE
    built.write(built.entryAddress(0x200000n, 2), 0x20e7n); // a large page with a reserved bit
    built.write(built.entryAddress(0n, 0) + 8, 0x11087n); // PS is reserved in a PML4E
    expect(findVirtual(form, memory, built.root, 0x5000).mappings).toHaveLength(1);
    expect(findVirtual(form, memory, built.root, 0).mappings).toEqual([]);
  });

  it('names tables that are missing, each once', () => {
    const memory = new FakePhysicalMemory();
    for (const index of [0, 1, 2]) memory.writeWord(0x1000 + index * 8, 0x77000007n);
    expect(findVirtual(form, memory, 0x1000, 0x5000)).toEqual({ mappings: [], missingTables: [0x77000000] });
    expect(findVirtual(form, memory, 0x9000, 0x5000)).toEqual({ mappings: [], missingTables: [0x9000] });
  });

  it('says when a bound was reached', () => {
    const memory = new FakePhysicalMemory();
    const built = new PageTableBuilder(memory, '4-level', 0x10000);
    for (let page = 0n; page < 5n; page += 1n) built.map(page * 4096n, 0x5000);
    const search = (options: object) => findVirtual(form, memory, built.root, 0x5000, options);
    expect(search({ limit: 3 })).toMatchObject({ cutOff: 'limit', mappings: { length: 3 } });
    expect(search({ limit: 5 })).not.toHaveProperty('cutOff');
    expect(search({ entryLimit: 3 * 512 })).toMatchObject({ cutOff: 'entryLimit', mappings: [] });
    expect(search({ entryLimit: 4 * 512 })).toMatchObject({ mappings: { length: 5 } });
  });

  it.each(['i386', 'pae', '4-level', '5-level'] as const)(
    'ends in %s tables that hold themselves',
    (name) => {
      const chosen = pagingForms[name];
      const memory = new FakePhysicalMemory();
      for (let at = 0; at < 4096; at += chosen.entrySize)
        memory.writeWord(0x5000 + at, 0x5001n, chosen.entrySize);
      // Every address of all maps frame 5: only the limit ends it, and its finds are true.
      const found = findVirtual(chosen, memory, 0x5000, 0x5008, { limit: 2000 });
      const space = new AddressSpace(chosen, memory, 0x5000);
      expect(found).toMatchObject({ cutOff: 'limit', mappings: { length: 2000 } });
      expect(found.mappings.every(({ virtual }) => space.translate(virtual) === 0x5008)).toBe(true);
      // No address maps frame 9: each table is looked at once for each level.
      memory.calls.length = 0;
      expect(findVirtual(chosen, memory, 0x5000, 0x9000)).toEqual({ mappings: [], missingTables: [] });
      expect(memory.calls.length).toBe(chosen.levels.length);
    },
  );

  it('refuses a root that cannot be', () => {
    expect(() => findVirtual(form, new FakePhysicalMemory(), 5, 0)).toThrow(
      expect.objectContaining({ code: 'PAGE_ROOT_INVALID' }),
    );
  });
});
