import type { PhysicalMemory } from '@osi-linux/core';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { describe, expect, it } from 'vitest';
import { findE820Tables } from './e820-tables';

type Row = readonly [start: number, end: number, type: number];

/** struct boot_e820_entry, one behind the other. */
function table(rows: readonly Row[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * 20);
  const view = new DataView(bytes.buffer);
  for (const [index, [start, end, type]] of rows.entries()) {
    view.setBigUint64(index * 20, BigInt(start), true);
    view.setBigUint64(index * 20 + 8, BigInt(end - start), true);
    view.setUint32(index * 20 + 16, type, true);
  }
  return bytes;
}

function tablesIn(...writes: readonly (readonly [number, Uint8Array])[]) {
  const memory = new FakePhysicalMemory();
  for (let frame = 0; frame < 16; frame += 1) memory.setPage(frame);
  for (const [at, bytes] of writes) memory.write(at, bytes);
  return findE820Tables(memory);
}

const ROWS: readonly Row[] = [
  [0, 0x9fc00, 1],
  [0x9fc00, 0xa0000, 2],
  [0xf0000, 0x100000, 2],
  [0x100000, 0x5fdd000, 1],
  [0x5fdd000, 0x6000000, 2],
  [0xfffc0000, 2 ** 32, 2],
  [2 ** 32, 0x10a000000, 1],
];
const USABLE = [
  { start: 0, end: 0x9fc00 },
  { start: 0x100000, end: 0x5fdd000 },
  { start: 2 ** 32, end: 0x10a000000 },
];

describe('findE820Tables', () => {
  it('finds the usable ranges, wherever the table lies', () => {
    expect(tablesIn([0x4a60, table(ROWS)])).toEqual([{ at: 0x4a60, usable: USABLE }]);
    // across a page
    expect(tablesIn([0x5fd4, table(ROWS)])).toEqual([{ at: 0x5fd4, usable: USABLE }]);
  });

  it('looks only where it is told to', () => {
    const memory = new FakePhysicalMemory();
    for (let frame = 0; frame < 16; frame += 1) memory.setPage(frame);
    memory.write(0x1000, table(ROWS));
    memory.write(0x9000, table(ROWS.slice(0, 4)));
    const places = (start: number, end: number) => findE820Tables(memory, { start, end }).map(({ at }) => at);
    expect(places(0x4000, 0x20000)).toEqual([0x9000]);
    expect(places(0x2000, 0x4000)).toEqual([]);
  });

  it('leaves the holes of a sparse file out', () => {
    const memory = new FakePhysicalMemory();
    for (let frame = 0; frame < 16; frame += 1) memory.setPage(frame);
    memory.write(0x4a60, table(ROWS));
    const sparse: PhysicalMemory = {
      ranges: [{ start: 0, end: 2 ** 40 }],
      occupied: [{ start: 0, end: 0x10000 }],
      page: (frame) => memory.page(frame),
      hole: (frame) => memory.hole(frame),
      scan: (address, into) => {
        if (address >= 0x20000) throw new RangeError(`a read at ${address}`);
        return memory.scan(address, into);
      },
    };
    expect(findE820Tables(sparse).map(({ at }) => at)).toEqual([0x4a60]);
    expect(findE820Tables(sparse, { start: 0, end: 2 ** 40 }).map(({ at }) => at)).toEqual([0x4a60]);
  });

  it('finds equal tables once, and others too', () => {
    const other = table(ROWS.slice(0, 4));
    const found = tablesIn([0x1000, table(ROWS)], [0x3000, table(ROWS)], [0x9000, other]);
    expect(found.map(({ at, usable }) => [at, usable.length])).toEqual([
      [0x1000, 3],
      [0x9000, 2],
    ]);
  });

  it.each<[string, readonly Row[]]>([
    ['an entry alone', ROWS.slice(3, 4)],
    ['a table that begins above the first page', ROWS.slice(1)],
    ['entries out of order', [[0, 0x200000, 1], ...ROWS.slice(3)]],
    ['no RAM at 1 MiB', ROWS.map(([start, end]) => [start, end, 2])],
    ['entries beyond 52 bits', [[0, 2 ** 53, 1], ...ROWS.slice(3)]],
  ])('takes no such table: %s', (_, rows) => expect(tablesIn([0x1000, table(rows)])).toEqual([]));

  it('ends on memory that is made of such addresses', () => {
    const page = new Uint8Array(4096);
    for (let at = 0; at < 4096; at += 4) page[at + 2] = at % 8 === 0 ? 0x10 : 0;
    expect(tablesIn(...Array.from({ length: 16 }, (__, frame) => [frame * 4096, page] as const))).toEqual([]);
  });
});
