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
