import { OsiError } from '@osi-linux/core';
import { BtfWriter } from '@osi-linux/test-fixtures/type-writers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileBytes, readVmlinux } from './elf-symbols';

const text = new TextEncoder();

/** An ELF file of 64 bits with sections of the given bytes; the last one has their names. */
function writeElf(
  sections: readonly { name: string; type: number; link?: number; bytes: Uint8Array }[],
): Uint8Array {
  const names = `\0${[...sections.map(({ name }) => name), '.shstrtab'].join('\0')}\0`;
  const all = [...sections, { name: '.shstrtab', type: 3, bytes: text.encode(names) }];
  const size = 64 + all.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const whole = new Uint8Array(size + (all.length + 1) * 64);
  const view = new DataView(whole.buffer);
  whole.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(40, BigInt(size), true);
  for (const [at, value] of [
    [58, 64],
    [60, all.length + 1],
    [62, all.length],
  ] as const)
    view.setUint16(at, value, true);
  let at = 64;
  for (const [index, { name, type, link = 0, bytes }] of all.entries()) {
    const header = size + (index + 1) * 64;
    whole.set(bytes, at);
    view.setUint32(header, names.indexOf(`\0${name}\0`) + 1, true);
    view.setUint32(header + 4, type, true);
    view.setBigUint64(header + 24, BigInt(at), true);
    view.setBigUint64(header + 32, BigInt(bytes.length), true);
    view.setUint32(header + 40, link, true);
    at += bytes.length;
  }
  return whole;
}

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

function fileOf(bytes: Uint8Array): FileBytes {
  return {
    size: bytes.length,
    read: (position, into) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
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
