import { OsiError, readBytes, readPartial } from '@osi-linux/core';
import { KALLSYMS_FORMS, type KallsymsForm, writeKallsyms } from '@osi-linux/test-fixtures/kernel-image';
import { fileOf, type WrittenSection, writeElf } from '@osi-linux/test-fixtures/type-writers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ElfImage } from './elf-image';
import { readVmlinux } from './elf-symbols';

const TEXT = 0xffffffff81000000n;
const PROGBITS = 1;
const ALLOC = 2;
const CODE = 6;

const sections: WrittenSection[] = [
  { name: '.text', type: PROGBITS, flags: CODE, address: TEXT, bytes: new Uint8Array(100).fill(0xcc) },
  // Across the end of a page, and into the page of the next one.
  {
    name: '.rodata',
    type: PROGBITS,
    flags: ALLOC,
    address: TEXT + 0x2ff0n,
    bytes: new Uint8Array(0x20).fill(1),
  },
  { name: '.data', type: PROGBITS, flags: ALLOC, address: TEXT + 0x3020n, bytes: new Uint8Array(8).fill(2) },
  { name: '.data..percpu', type: PROGBITS, flags: ALLOC, address: 0n, bytes: new Uint8Array(8).fill(3) },
  { name: '.bss', type: 8, flags: ALLOC, address: TEXT + 0x8000n, bytes: new Uint8Array(64).fill(4) },
  { name: '.comment', type: PROGBITS, address: TEXT + 0x9000n, bytes: new Uint8Array(8).fill(5) },
];

function imageOf(all: readonly WrittenSection[], machine?: number): ElfImage | undefined {
  return readVmlinux(fileOf(writeElf(all, machine))).image;
}

function open(all = sections): ElfImage {
  const image = imageOf(all);
  if (image === undefined) throw new Error('there is no image');
  return image;
}

describe('the image of a kernel in its file', () => {
  it('begins at its first code, and is of the machine of the file', () => {
    expect([open().textBase, open().architecture.name]).toEqual([TEXT, 'x86_64']);
  });

  it('has what is loaded, with zeros between', () => {
    expect([...readBytes(open(), TEXT + 0x2ffen, 4)]).toEqual([1, 1, 1, 1]);
    expect([...readBytes(open(), TEXT + 0x300en, 4)]).toEqual([1, 1, 0, 0]);
    expect([...readBytes(open(), TEXT + 0x301en, 4)]).toEqual([0, 0, 2, 2]);
    expect([...readBytes(open(), 0n, 9)]).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 0]);
  });

  it('has holes where nothing is loaded, and where the kernel only has room', () => {
    const { holes } = readPartial(open(), TEXT, 0xa000);
    expect(holes.map(({ at, length, reason }) => [at - TEXT, length, reason.code])).toEqual([
      [0x1000n, 0x1000, 'IMAGE_HOLE'],
      [0x4000n, 0x6000, 'IMAGE_HOLE'],
    ]);
  });

  it('has no page tables', () => {
    const image = open();
    expect([image.root, image.translate(), image.withRoot()]).toEqual([0, undefined, image]);
  });

  it.each([
    ['of another machine', sections, 183],
    ['without code, as in a file of debugging information', sections.slice(1), 62],
    ['whose code is no kernel', [{ ...(sections[0] as WrittenSection), address: 0x400000n }], 62],
  ])('is none in a file %s', (_, all, machine) => {
    expect(imageOf(all, machine)).toBeUndefined();
  });
});

const wide = Object.entries(KALLSYMS_FORMS).filter(([, { wordSize }]) => wordSize === 8);

describe.each(wide)('the symbols of %s in a stripped file', (_, form: KallsymsForm) => {
  const symbols = [
    ...(form.encoding === 'percpu-absolute' ? [{ name: '__per_cpu_start', type: 'A', address: 0n }] : []),
    { name: '_text', type: 'T', address: TEXT },
    ...Array.from({ length: 1200 }, (_unused, index) => ({
      name: `${['sys_page', 'ext4_lock', 'init_task'][index % 3]}_${index}`,
      type: 't',
      address: TEXT + BigInt(16 * (index + 1)),
    })),
  ];
  const at = TEXT + 0x201840n;
  const rodata = writeKallsyms(symbols, form, at).bytes;
  const stripped: WrittenSection[] = [
    { name: '.text', type: PROGBITS, flags: CODE, address: TEXT, bytes: new Uint8Array(0x1000) },
    { name: '.rodata', type: PROGBITS, flags: ALLOC, address: at, bytes: rodata },
  ];

  it('are found by their shape', () => {
    expect([...open(stripped).readKallsyms().each()]).toEqual(symbols);
  });

  it('are read or refused, whatever the bytes are', () => {
    const edits = fc.array(fc.tuple(fc.nat(rodata.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(edits, (places) => {
        const bytes = rodata.slice();
        for (const [place, byte] of places) bytes[place] = byte;
        const damaged = stripped.map((each) => (each.name === '.rodata' ? { ...each, bytes } : each));
        try {
          expect([...open(damaged).readKallsyms().each()].length).toBeLessThanOrEqual(symbols.length);
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
      { numRuns: 10 },
    );
  });
});

it('readVmlinux reports a stripped file that has no table of symbols', () => {
  expect(() => open().readKallsyms()).toThrow(expect.objectContaining({ code: 'KALLSYMS_NOT_FOUND' }));
});
