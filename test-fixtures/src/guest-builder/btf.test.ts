import { describe, expect, it } from 'vitest';
import { Btf } from './btf';

const STRUCT = 4;
const TYPEDEF = 8;
const WITH_BITFIELDS = 0x80000000;

/** A type as it stands in the table: head, then whatever its kind has. */
interface Entry {
  readonly name: string;
  readonly info: number;
  readonly size: number;
  readonly rest?: readonly (string | number)[];
}

function writeBtf(entries: readonly Entry[]): Uint8Array {
  let strings = '\0';
  const word = (value: string | number) => {
    if (typeof value === 'number') return value;
    if (value === '') return 0;
    strings += `${value}\0`;
    return strings.length - value.length - 1;
  };
  const words = entries.flatMap(({ name, info, size, rest = [] }) => [
    word(name),
    info,
    size,
    ...rest.map(word),
  ]);
  const table = Buffer.alloc(words.length * 4);
  for (const [index, value] of words.entries()) table.writeUInt32LE(value >>> 0, index * 4);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  for (const [at, value] of [
    [4, 24],
    [12, table.length],
    [16, table.length],
    [20, strings.length],
  ] as const) {
    header.writeUInt32LE(value, at);
  }
  return Buffer.concat([header, table, Buffer.from(strings)]);
}

const kind = (number: number, members = 0) => (number << 24) | members;

// 1 int, 2 struct inner, 3 typedef, 4 a struct without a name, 5 struct outer.
const btf = new Btf(
  writeBtf([
    { name: 'int', info: kind(1), size: 4, rest: [32] },
    { name: 'inner', info: kind(STRUCT, 2), size: 16, rest: ['a', 1, 0, 'b', 1, 64] },
    { name: 'inner_t', info: kind(TYPEDEF), size: 2 },
    { name: '', info: kind(STRUCT, 1), size: 4, rest: ['deep', 1, 32] },
    {
      name: 'outer',
      info: WITH_BITFIELDS | kind(STRUCT, 3),
      size: 64,
      rest: ['first', 1, (3 << 24) | 8, 'inside', 3, 128, '', 4, 320],
    },
  ]),
);

describe('Btf', () => {
  it('tells sizes of structures and of nothing else', () => {
    expect([btf.sizeOf('outer'), btf.sizeOf('inner'), btf.sizeOf('inner_t'), btf.sizeOf('no')]).toEqual([
      64,
      16,
      undefined,
      undefined,
    ]);
  });

  it('finds members through typedefs and structures without a name, and passes over widths of bit fields', () => {
    expect(btf.offsetOf('outer.first')).toBe(1);
    expect(btf.offsetOf('outer.inside.b')).toBe(24);
    expect(btf.offsetOf('outer.deep')).toBe(44);
  });

  it('has no answer for what is not there', () => {
    expect(btf.offsetOf('outer.inside.c')).toBeUndefined();
    expect(btf.offsetOf('no.a')).toBeUndefined();
    expect(btf.offsetOf('outer.first.a')).toBeUndefined();
  });

  it('refuses other bytes', () => {
    expect(() => new Btf(new Uint8Array(64))).toThrow('this is no BTF');
  });
});
