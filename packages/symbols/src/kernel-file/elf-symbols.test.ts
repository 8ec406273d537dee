import { OsiError } from '@osi-linux/core';
import { BtfWriter, fileOf, writeElf } from '@osi-linux/test-fixtures/type-writers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVmlinux } from './elf-symbols';

const text = new TextEncoder();

function writeSymbols(
  symbols: readonly (readonly [name: number, info: number, section: number, value: bigint])[],
): Uint8Array {
  const bytes = new Uint8Array(symbols.length * 24);
  const view = new DataView(bytes.buffer);
  for (const [index, [name, info, section, value]] of symbols.entries()) {
    view.setUint32(index * 24, name, true);
    view.setUint8(index * 24 + 4, info);
    view.setUint16(index * 24 + 6, section, true);
    view.setBigUint64(index * 24 + 8, value, true);
  }
  return bytes;
}

const writer = new BtfWriter();
writer.struct('task_struct', 64, [{ name: 'pid', type: writer.int('int', 4), bits: 64 }]);
const strings = text.encode('\0_text\0init_task\0phys\0local.c\0');
const whole = writeElf([
  { name: '.text', type: 1, bytes: new Uint8Array(100) },
  { name: '.BTF', type: 1, bytes: writer.bytes() },
  {
    name: '.symtab',
    type: 2,
    link: 4,
    bytes: writeSymbols([
      [0, 0, 0, 0n],
      [23, 0x04, 0xfff1, 0n],
      [1, 0x12, 1, 0xffffffff81000000n],
      [7, 0x11, 2, 0xffffffff82613780n],
      [17, 0x10, 0xfff1, 0x1000n],
    ]),
  },
  { name: '.strtab', type: 3, bytes: strings },
]);

describe('readVmlinux', () => {
  it('reads types and symbols', () => {
    const { btf, symbols } = readVmlinux(fileOf(whole));
    expect(btf?.member('task_struct.pid')?.offset).toBe(8);
    expect([...(symbols?.each() ?? [])]).toEqual([
      { name: '_text', type: 'T', address: 0xffffffff81000000n },
      { name: 'init_task', type: 'D', address: 0xffffffff82613780n },
      { name: 'phys', type: 'A', address: 0x1000n },
    ]);
  });

  it('moves the image by the shift of KASLR', () => {
    const { symbols } = readVmlinux(fileOf(whole), { kaslrShift: 0x2000000n });
    expect(symbols?.lookup(['init_task', 'phys'])).toEqual(
      new Map([
        ['init_task', 0xffffffff84613780n],
        ['phys', 0x1000n],
      ]),
    );
  });

  it('has neither of a file without them', () => {
    expect(readVmlinux(fileOf(writeElf([])))).toEqual({ btf: undefined, symbols: undefined });
  });

  it('gives values or an OsiError for any damage', () => {
    const places = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(places, fc.nat(whole.length), fc.boolean(), (changes, cut, isCut) => {
        const bytes = isCut ? whole.slice(0, cut) : whole.slice();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          const { symbols } = readVmlinux(fileOf(bytes));
          symbols?.lookup(['init_task']);
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
