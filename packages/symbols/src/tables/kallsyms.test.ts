import { OsiError } from '@osi-linux/core';
import { propertyRuns } from '@osi-linux/test-fixtures/expect';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import {
  type FakeImage,
  KALLSYMS_FORMS,
  type KallsymsForm,
  writeFakeImage,
} from '@osi-linux/test-fixtures/kernel-image';
import { AddressSpace, pagingForms } from '@osi-linux/x86-mmu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVmcoreinfo } from '../locate/vmcoreinfo';
import { readKallsyms } from './kallsyms';

const TEXT = 0xffffffffa9c00000n;

function imageOf(form: KallsymsForm, symbols = 1500): FakeImage {
  const paging = form.wordSize === 8 ? '4-level' : 'pae';
  const textBase = form.wordSize === 8 ? TEXT : 0xc9000000n;
  return writeFakeImage(new FakePhysicalMemory(), { form, paging, textBase, physical: 0x9000000, symbols });
}

function open(image: FakeImage, note?: string) {
  const paging = pagingForms[image.textBase === TEXT ? '4-level' : 'pae'];
  const tables = new AddressSpace(paging, image.memory, image.builder.root);
  const vmcoreinfo = note === undefined ? undefined : parseVmcoreinfo(note);
  return readKallsyms({ memory: image.memory, location: { tables, textBase: image.textBase }, vmcoreinfo });
}

/** The facts about the kernel's tables in VMCOREINFO. */
function noteOf({ kallsyms }: FakeImage): string {
  return Object.entries(kallsyms.tables)
    .map(([name, at]) => `SYMBOL(kallsyms_${name})=${at.toString(16)}\n`)
    .join('');
}

function physicalOf(image: FakeImage, virtual: bigint): number {
  return image.builder.lookup(virtual) ?? Number.NaN;
}

describe.each(Object.entries(KALLSYMS_FORMS))('kallsyms of %s', (_name, form) => {
  it.each(['its shape', 'VMCOREINFO'])('is found by %s, and all of it is read', (method) => {
    const image = imageOf(form);
    const kallsyms = open(image, method === 'VMCOREINFO' ? noteOf(image) : undefined);
    expect(kallsyms.evidence[0]?.evidence).toContain(method === 'VMCOREINFO' ? 'VMCOREINFO' : 'the shape');
    expect(kallsyms.encoding).toBe(form.encoding);
    expect([...kallsyms.each()]).toEqual(image.symbols);
    expect(kallsyms.skipped()).toEqual([]);
  });

  it('answers for names, each by its first symbol', () => {
    const image = imageOf(form);
    const names = image.symbols.map(({ name }) => name);
    const expected = new Map([...image.symbols].reverse().map(({ name, address }) => [name, address]));
    expect(open(image).lookup([...names, 'no_such_name', '', 'init_tas'])).toEqual(expected);
  });
});

describe('Kallsyms', () => {
  const form = KALLSYMS_FORMS['v6.4'] as KallsymsForm;

  it('looks only as far as it must, and only once', () => {
    const image = imageOf(form);
    const kallsyms = open(image);
    expect(kallsyms.lookup(['_stext'])).toEqual(new Map([['_stext', TEXT]]));
    image.memory.calls.length = 0;
    kallsyms.lookup(['_stext']);
    expect(image.memory.calls).toEqual([]);
  });

  it('leaves out the names and addresses of a missing page, and says so', () => {
    const image = imageOf(form, 6000);
    const lost = (image.kallsyms.tables['names'] ?? 0n) + 8192n;
    image.memory.removePage(Math.floor(physicalOf(image, lost) / 4096));
    const kallsyms = open(image);
    const read = [...kallsyms.each()];
    expect(read.length).toBeGreaterThan(image.symbols.length / 2);
    expect(read.length).toBeLessThan(image.symbols.length);
    const all = new Set(image.symbols.map(({ name, type, address }) => `${name} ${type} ${address}`));
    expect(read.filter(({ name, type, address }) => !all.has(`${name} ${type} ${address}`))).toEqual([]);
    const [first] = kallsyms.skipped();
    expect(first?.subject).toMatchObject({ kind: 'symbols', name: 'kallsyms' });
    expect(first?.reason.code).toBe('PHYSICAL_HOLE');
    const skipped = kallsyms.skipped().map(({ subject }) => subject);
    const left = skipped.reduce((sum, { first: from = 0, last = 0 }) => sum + last - from + 1, 0);
    expect(read.length + left).toBe(image.symbols.length);
  });

  it('leaves a block of names where it is none any more', () => {
    const image = imageOf(form);
    const names = image.kallsyms.tables['names'] ?? 0n;
    const at = physicalOf(image, names);
    const kallsymsBefore = open(image);
    expect(kallsymsBefore.skipped()).toEqual([]);
    // The third block's first length. Found by VMCOREINFO, since the shape is looked at more closely.
    const markers = physicalOf(image, image.kallsyms.tables['markers'] ?? 0n);
    const page = image.memory.page(Math.floor(markers / 4096));
    const third = page?.view.getUint32((markers % 4096) + 8, true) ?? 0;
    image.memory.write(at + third, Uint8Array.of(0));
    const kallsyms = open(image, noteOf(image));
    expect(kallsyms.skipped()).toMatchObject([
      {
        subject: { kind: 'symbols', name: 'kallsyms', first: 512, last: 767 },
        reason: { code: 'KALLSYMS_DAMAGED' },
      },
    ]);
    expect([...kallsyms.each()]).toEqual(image.symbols.filter((_, index) => index < 512 || index > 767));
  });

  it('is not taken where no encoding gives the image its start', () => {
    const image = imageOf(form);
    const tables = new AddressSpace(pagingForms['4-level'], image.memory, image.builder.root);
    const location = { tables, textBase: TEXT - 0x200000n };
    expect(() => readKallsyms({ memory: image.memory, location })).toThrow(/_text or _stext is not at/);
  });

  it('is not found where there is none', () => {
    const image = imageOf(form);
    const index = physicalOf(image, image.kallsyms.tables['token_index'] ?? 0n);
    image.memory.write(index, new Uint8Array(512));
    expect(() => open(image)).toThrow(expect.objectContaining({ code: 'KALLSYMS_NOT_FOUND' }));
  });

  it('is not led astray by VMCOREINFO of another kernel', () => {
    const image = imageOf(form);
    const note = noteOf(image).replace(/=ffffffff/g, '=ffffff0f');
    expect([...open(image, note).each()]).toEqual(image.symbols);
  });

  it('gives symbols or an OsiError, whatever the bytes are', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 });
    const forms = fc.constantFrom(...Object.values(KALLSYMS_FORMS));
    fc.assert(
      fc.property(edits, fc.boolean(), forms, (places, noted, some) => {
        const image = imageOf(some, 1100);
        for (const [place, byte] of places) damage(image, place, byte);
        expect(() => tryToRead(image, noted)).not.toThrow();
      }),
      { numRuns: propertyRuns(20) },
    );
  });
});

const DAMAGED = ['num_syms', 'names', 'markers', 'token_table', 'token_index', 'relative_base'];

function damage(image: FakeImage, place: number, byte: number): void {
  const { tables } = image.kallsyms;
  const table = tables[DAMAGED[place % DAMAGED.length] ?? ''] ?? tables['names'] ?? 0n;
  const at = table + BigInt(Math.floor(place / DAMAGED.length) % 600);
  image.memory.write(physicalOf(image, at), Uint8Array.of(byte));
}

function tryToRead(image: FakeImage, noted: boolean): void {
  try {
    const kallsyms = open(image, noted ? noteOf(image) : undefined);
    expect([...kallsyms.each()].length).toBeLessThanOrEqual(kallsyms.count);
    kallsyms.lookup(['_text', 'twice']);
    kallsyms.skipped();
  } catch (error) {
    if (!OsiError.is(error)) throw error;
  }
}
