import type { Cpu } from '@osi-linux/core';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import {
  type FakeImage,
  type FakeImageOptions,
  KALLSYMS_FORMS,
  type KallsymsForm,
  writeFakeImage,
} from '@osi-linux/test-fixtures/kernel-image';
import { describe, expect, it } from 'vitest';
import { locateKernel } from './locate/located-kernel';
import { eachKernelLocation } from './locate/x86/kernel-location';

const TEXT = 0xffffffffa9c00000n;
const FORM = KALLSYMS_FORMS['v6.4'] as KallsymsForm;
const FORM_32 = KALLSYMS_FORMS['v5.10, 32 bits'] as KallsymsForm;
const PHYSICAL = 0x9000000;
/** A page fault's handler, in the image. */
const HANDLER = 0x23450;

function wide(options: Partial<FakeImageOptions> = {}, memory = new FakePhysicalMemory()): FakeImage {
  const usual = { form: FORM, paging: '4-level', textBase: TEXT, physical: PHYSICAL } as const;
  return writeFakeImage(memory, { ...usual, ...options });
}

/** A kernel of 32 bits, which has RAM and itself mapped from an address on, and its fixed mappings at the end. */
function narrow(paging: 'pae' | 'i386', pageOffset: bigint, form = FORM_32): FakeImage {
  const memory = new FakePhysicalMemory();
  const textBase = pageOffset + BigInt(PHYSICAL);
  const image = writeFakeImage(memory, { form, paging, textBase, physical: PHYSICAL });
  const { builder } = image;
  const size = paging === 'i386' ? 0x400000 : 0x200000;
  for (let at = 0; at < PHYSICAL; at += size) builder.map(pageOffset + BigInt(at), at, size);
  builder.map(0xfffff000n, 0x2000);
  return image;
}

/** The top table of a process: the kernel's part is its own, and there is something below. */
function processOf({ memory, builder }: FakeImage, root: number): number {
  const bytes = memory.setPage(root / 4096, memory.page(builder.root / 4096)?.bytes);
  new DataView(bytes.buffer).setUint32(0, 0x6001, true);
  return root;
}

/** An IDT with one gate, of page faults, as the processor has it. */
function writeGate({ memory, builder }: FakeImage, idt: bigint, at: number, handler: bigint, size: 8 | 16) {
  builder.map(idt, at);
  const gate = new DataView(new ArrayBuffer(size));
  gate.setUint16(0, Number(handler & 0xffffn), true);
  gate.setUint16(2, 0x10, true);
  gate.setUint8(5, 0x8e);
  gate.setUint16(6, Number((handler >> 16n) & 0xffffn), true);
  if (size === 16) gate.setUint32(8, Number(handler >> 32n), true);
  memory.write(at + 14 * size, new Uint8Array(gate.buffer));
}

function cpu(root: number, more: Record<string, bigint>, cr4 = 0x6f0n): Cpu {
  return { index: 0, registers: { cr0: 0x80050033n, cr3: BigInt(root), cr4, ...more } };
}

const entriesOf = (found: ReturnType<typeof locateKernel>) =>
  found?.location.entries.map(({ by, isInImage }) => [by, isInImage]);

describe('a kernel of 32 bits without VMCOREINFO', () => {
  it.each([
    ['pae', 0xc0000000n],
    ['pae', 0x80000000n],
    ['pae', 0x40000000n],
    ['i386', 0xc0000000n],
    ['i386', 0xb0000000n],
    ['i386', 0x80000000n],
    ['i386', 0x78000000n],
    ['i386', 0x40000000n],
  ] as const)('is found by its page tables alone: %s at %i', (paging, pageOffset) => {
    const image = narrow(paging, pageOffset);
    processOf(image, 0x300000);
    const found = locateKernel({ memory: image.memory });
    expect(found?.location).toMatchObject({
      ...{ root: image.builder.root, textBase: image.textBase, mapBase: pageOffset, physBase: 0n },
      kaslrShift: BigInt(PHYSICAL) - 0x1000000n,
    });
    expect(found?.location.form.name).toBe(paging);
    expect(found?.symbols?.count).toBe(image.symbols.length);
  });

  it.each(Object.entries(KALLSYMS_FORMS).filter(([name]) => name.endsWith('32 bits')))(
    'is found by its page tables with the symbols of %s',
    (_, form) => {
      const image = narrow('pae', 0xc0000000n, form);
      expect(locateKernel({ memory: image.memory })?.location.textBase).toBe(image.textBase);
    },
  );

  it.each([
    ['pae', 0x6f0n],
    ['i386', 0x6d0n],
  ] as const)('is found around its handlers, through a process: %s', (paging, cr4) => {
    const image = narrow(paging, 0xc0000000n);
    writeGate(image, 0xff400000n, 0x5000, image.textBase + BigInt(HANDLER), 8);
    const cr3 = processOf(image, 0x300000);
    const cpus = [cpu(cr3, { idtr_base: 0xff400000n }, cr4)];
    const found = locateKernel({ memory: image.memory, cpus, machine: 'i386' });
    expect(found?.location).toMatchObject({ textBase: image.textBase, physBase: 0n });
    expect(found?.location.evidence.image).toMatch(/^_text of the symbols behind its handlers/);
    expect(entriesOf(found)).toEqual([['the page fault of the IDT of cpu 0', true]]);
  });

  it('is not found where its symbols are gone', () => {
    const image = narrow('pae', 0xc0000000n);
    const index = image.builder.lookup(image.kallsyms.tables['token_index'] ?? 0n) ?? 0;
    image.memory.write(index, new Uint8Array(512));
    expect(locateKernel({ memory: image.memory })).toBeUndefined();
  });

  it('is not taken where its top table maps something below, or not itself', () => {
    const below = narrow('i386', 0xc0000000n);
    below.builder.map(0x8000000n, 0x8000000, 0x400000);
    expect([...eachKernelLocation({ memory: below.memory })]).toEqual([]);
    const moved = narrow('i386', 0xc0000000n);
    const root = moved.builder.root;
    moved.memory.setPage(0x300, moved.memory.page(root / 4096)?.bytes);
    moved.memory.removePage(root / 4096);
    expect(locateKernel({ memory: moved.memory })?.location.root).toBe(0x300000);
  });
});

describe('the handlers of a processor', () => {
  it('are evidence for the image that they are in', () => {
    const image = wide();
    writeGate(image, 0xfffffe0000000000n, 0x5000, TEXT + BigInt(HANDLER), 16);
    const cpus = [cpu(image.builder.root, { idtr_base: 0xfffffe0000000000n, lstar: TEXT + 0x40n })];
    expect(entriesOf(locateKernel({ memory: image.memory, cpus }))).toEqual([
      ['the page fault of the IDT of cpu 0', true],
      ['LSTAR of cpu 0', true],
    ]);
  });

  it('may be a trampoline: a second mapping of a page of the image', () => {
    const image = wide();
    const trampoline = 0xfffffe0000006000n;
    image.builder.map(trampoline, PHYSICAL + 0x7000);
    const found = locateKernel({
      memory: image.memory,
      cpus: [cpu(image.builder.root, { lstar: trampoline })],
    });
    expect(found?.location.root).toBe(image.builder.root);
    expect(entriesOf(found)).toEqual([['LSTAR of cpu 0', true]]);
  });

  it('put a kernel last whose image they are not in', () => {
    const memory = new FakePhysicalMemory();
    const old = wide({ textBase: 0xffffffff95000000n, physical: 0x4000000 }, memory);
    const runs = wide({}, memory);
    const cpus = [cpu(old.builder.root, { lstar: TEXT + 0x40n })];
    const found = [...eachKernelLocation({ memory, cpus })].map(({ textBase }) => textBase);
    expect(found).toEqual([runs.textBase, old.textBase]);
    const told = [cpu(old.builder.root, { lstar: old.textBase + 0x40n })];
    expect(locateKernel({ memory, cpus: told })?.location.textBase).toBe(old.textBase);
  });

  it('say nothing where the gates are absent or gone', () => {
    const image = wide();
    image.builder.map(0xfffffe0000000000n, 0x5000);
    image.memory.setPage(5);
    for (const idtr_base of [0xfffffe0000000000n, 0xfffffe0000009000n, 0n, 0xffffffffffffffffn]) {
      const found = locateKernel({
        memory: image.memory,
        cpus: [cpu(image.builder.root, { idtr_base, lstar: 0n, efer: 0xd01n })],
      });
      expect(found?.location.evidence.root).toMatch(/^CR3 of cpu 0/);
      expect(entriesOf(found)).toEqual([]);
    }
  });
});
