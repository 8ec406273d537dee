import { readPartial } from '@osi-linux/core';
import { FakePhysicalMemory, PageTableBuilder } from '@osi-linux/test-fixtures/fake-memory';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import { pagingForms } from './paging-form';
import { Tlb } from './tlb';

const form = pagingForms['4-level'];

function space(): { memory: FakePhysicalMemory; built: PageTableBuilder; kernel: AddressSpace } {
  const memory = new FakePhysicalMemory();
  const built = new PageTableBuilder(memory, '4-level', 0x10000);
  memory.setPage(0x7, Uint8Array.of(1, 2, 3));
  built.map(0xffffffff81000000n, 0x7000);
  built.map(0xffffffff81001000n, 0x8000);
  return { memory, built, kernel: new AddressSpace(form, memory, built.root) };
}

describe('AddressSpace', () => {
  it('gives the page behind an address, and the same object again without touching memory', () => {
    const { memory, kernel } = space();
    const page = kernel.page(0xffffffff81000002n);
    expect(page?.bytes.slice(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    memory.calls.length = 0;
    expect(kernel.page(0xffffffff81000ff0n)).toBe(page);
    expect(kernel.translate(0xffffffff81000ff0n)).toBe(0x7ff0);
    expect(memory.calls).toEqual([]);
  });

  it('translates without reading the page itself', () => {
    const { memory, kernel } = space();
    expect(kernel.translate(0xffffffff81001008n)).toBe(0x8008);
    expect(memory.calls.map((call) => call.argument)).not.toContain(8);
  });

  it('says what entry said no', () => {
    const { kernel, built } = space();
    built.write(built.entryAddress(0xffffffff82613780n, 2), 0n);
    const error = kernel.fault(0xffffffff82613780n);
    expect(error.code).toBe('PAGE_NOT_PRESENT');
    expect(error.message).toBe(
      'page not present: PD entry 0x0 at physical 0x12098, virtual 0xffffffff82613780',
    );
    expect(error.hint).toBe(
      'the page was never mapped, is swapped out, or belongs to another process: try --pid',
    );
    expect(error.fields).toMatchObject({ level: 'PDE', entry: 0n, entryAddress: 0x12098 });
  });

  it('passes on why the frame of a mapped page is missing', () => {
    const { kernel } = space();
    expect(kernel.page(0xffffffff81001008n)).toBeUndefined();
    expect(kernel.fault(0xffffffff81001008n)).toMatchObject({
      code: 'PHYSICAL_HOLE',
      fields: { physicalAddress: 0x8000 },
    });
  });

  it('gives the bytes of a page whose frame is there in part', () => {
    const { memory, kernel } = space();
    const part = { start: 0x100, bytes: Uint8Array.of(4, 5, 6) };
    Object.assign(memory, { parts: (frame: number) => (frame === 8 ? [part] : []) });
    expect(kernel.parts(0xffffffff81001008n)).toEqual([part]);
    expect(kernel.parts(0xffffffff82613780n)).toEqual([]);
    expect(readPartial(kernel, 0xffffffff810010ffn, 4)).toMatchObject({
      bytes: Uint8Array.of(0, 4, 5, 6),
      holes: [{ at: 0xffffffff810010ffn, length: 1, reason: { code: 'PHYSICAL_HOLE' } }],
    });
  });

  it('names a missing table with its cause', () => {
    const { memory, built, kernel } = space();
    memory.removePage(built.root / 4096);
    const error = kernel.fault(0xffffffff81000000n);
    expect(error.code).toBe('PAGE_TABLE_MISSING');
    expect(error.message).toBe(
      'page table not in memory: PML4 entry at physical 0x10ff8, virtual 0xffffffff81000000',
    );
    expect(error.cause).toMatchObject({ code: 'PHYSICAL_HOLE' });
  });

  it('tells the other faults by code', () => {
    const { kernel, built } = space();
    expect(kernel.fault(0x800000000000n).code).toBe('ADDRESS_NON_CANONICAL');
    built.write(built.entryAddress(0xffffffff81000000n, 0), 0x11083n);
    expect(new AddressSpace(form, kernel['memory'], built.root).fault(0xffffffff81000000n).code).toBe(
      'PAGE_RESERVED_BIT',
    );
    expect(space().kernel.fault(0xffffffff81000000n).code).toBe('PAGE_PRESENT');
  });

  it('recovers when a read fails once', () => {
    for (let call = 1; call <= 5; call += 1) {
      const { memory, kernel } = space();
      memory.failOn(call);
      expect(kernel.page(0xffffffff81000000n)).toBeUndefined();
      expect(kernel.page(0xffffffff81000000n)?.bytes[0]).toBe(1);
    }
  });

  it('flush lets go of old translations', () => {
    const { memory, built, kernel } = space();
    memory.setPage(0x9, Uint8Array.of(9));
    kernel.page(0xffffffff81000000n);
    built.map(0xffffffff81000000n, 0x9000);
    expect(kernel.translate(0xffffffff81000000n)).toBe(0x7000);
    kernel.flush();
    expect(kernel.translate(0xffffffff81000000n)).toBe(0x9000);
    expect(kernel.page(0xffffffff81000000n)?.bytes[0]).toBe(9);
  });

  it('withRoot sees the same memory through other tables', () => {
    const { memory, kernel } = space();
    const other = new PageTableBuilder(memory, '4-level', 0x80000);
    other.map(0x400000n, 0x7000);
    const user = kernel.withRoot(other.root);
    expect([user.translate(0x400000n), kernel.translate(0x400000n)]).toEqual([0x7000, undefined]);
    expect([user.root, user.architecture.name]).toEqual([0x80000, 'x86_64']);
  });

  it.each([1, 4095, -4096, 2 ** 52, Number.NaN, 0.5])('refuses the root %d', (root) => {
    expect(() => space().kernel.withRoot(root)).toThrow(
      expect.objectContaining({ code: 'PAGE_ROOT_INVALID' }),
    );
  });

  it('gives no page that the TLB kept for another address of the same slot', () => {
    const { memory, built, kernel } = space();
    memory.setPage(0x9, Uint8Array.of(9));
    built.map(0xffffffff81000000n + 64n * 4096n, 0x9000);
    expect(kernel.page(0xffffffff81000000n)?.bytes[0]).toBe(1);
    expect(kernel.page(0xffffffff81000000n + 64n * 4096n)?.bytes[0]).toBe(9);
    expect(kernel.page(0xffffffff81000000n)?.bytes[0]).toBe(1);
  });

  it('keeps thousands of pages apart as the TLB grows', () => {
    const { built, kernel } = space();
    for (let page = 0; page < 1500; page += 1) built.map(0x7f0000000000n + BigInt(page * 4096), page * 8192);
    for (let round = 0; round < 2; round += 1) {
      for (let page = 0; page < 1500; page += 1) {
        expect(kernel.translate(0x7f0000000001n + BigInt(page * 4096))).toBe(page * 8192 + 1);
      }
    }
  });
});

describe('Tlb', () => {
  it('does not mistake an empty slot for page 0', () => {
    expect(new Tlb().find(0, 0)).toBe(-1);
  });
  it('tells addresses of one slot apart', () => {
    const tlb = new Tlb();
    tlb.fill(0x1000, 0, 0x5000);
    expect(tlb.find(0x1000 + 64 * 4096, 0)).toBe(-1);
    expect(tlb.find(0x1000, 64)).toBe(-1);
    expect(tlb.physicalPage(tlb.find(0x1fff, 0))).toBe(0x5000);
  });
});
