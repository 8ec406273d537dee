import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { readBytes, readPartial } from './read';

const START = 0xffff888000000000n;

function memoryOfPages(...pages: readonly number[]): FakeVirtualMemory {
  const memory = new FakeVirtualMemory();
  for (const page of pages) {
    memory.writeBytes(START + BigInt(page) * 4096n, new Uint8Array(4096).fill(page + 1));
  }
  return memory;
}

describe('readPartial', () => {
  it('reads across pages', () => {
    const { bytes, holes } = readPartial(memoryOfPages(0, 1), START + 4094n, 4);
    expect([...bytes]).toEqual([1, 1, 2, 2]);
    expect(holes).toEqual([]);
  });

  it('names neighbouring missing pages as one hole, and separate ones apart', () => {
    const { bytes, holes } = readPartial(memoryOfPages(0, 3), START + 4000n, 4 * 4096);
    expect(holes.map(({ at, length }) => [at - START, length])).toEqual([
      [4096n, 8192],
      [16384n, 4000],
    ]);
    expect(bytes[95]).toBe(1);
    expect(bytes[96 + 8192]).toBe(4);
  });

  it('takes the bytes of a page that is there in part, and names the rest', () => {
    const memory = Object.assign(memoryOfPages(0, 2), {
      parts: (address: bigint) =>
        address - START >= 4096n && address - START < 8192n
          ? [
              { start: 0, bytes: new Uint8Array(16).fill(7) },
              { start: 32, bytes: new Uint8Array(16).fill(8) },
            ]
          : [],
    });
    const { bytes, holes } = readPartial(memory, START + 4095n, 4098);
    expect([...bytes.subarray(0, 50)]).toEqual([
      1,
      ...new Array<number>(16).fill(7),
      ...new Array<number>(16).fill(0),
      ...new Array<number>(16).fill(8),
      0,
    ]);
    expect(bytes.at(-1)).toBe(3);
    expect(holes.map(({ at, length }) => [at - START, length])).toEqual([
      [4096n + 16n, 16],
      [4096n + 48n, 4048],
    ]);
    expect(readBytes(memory, START + 4096n + 36n, 8)).toEqual(new Uint8Array(8).fill(8));
    expect(() => readBytes(memory, START + 4096n + 8n, 16)).toThrow(/virtual/);
    expect(readPartial(memory, START + 4096n + 20n, 4).holes).toMatchObject([{ length: 4 }]);
  });

  it('wraps at the end of the address space', () => {
    const memory = new FakeVirtualMemory();
    memory.writeBytes(0xfffffffffffffff0n, new Uint8Array(16).fill(9));
    const { bytes, holes } = readPartial(memory, 0xfffffffffffffffen, 4);
    expect([...bytes]).toEqual([9, 9, 0, 0]);
    expect(holes.map(({ at, length }) => [at, length])).toEqual([[0n, 2]]);
  });
});

describe('readBytes', () => {
  it('throws the fault of the first missing byte', () => {
    expect(() => readBytes(memoryOfPages(0), START + 4094n, 4)).toThrow(/virtual 0xffff888000001000/);
  });
});
