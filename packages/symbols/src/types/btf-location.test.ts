import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { BtfWriter } from '@osi-linux/test-fixtures/type-writers';
import { describe, expect, it } from 'vitest';
import { findBtf } from './btf-location';

const TEXT = 0xffffffff81000000n;

function writeTypes(name: string): Uint8Array {
  const writer = new BtfWriter();
  const long = writer.int('long unsigned int', 8);
  for (let each = 0; each < 400; each++) writer.pointer(long);
  writer.struct(name, 8, [{ name: 'state', type: long, bits: 0 }]);
  return writer.bytes();
}

const kernel = writeTypes('task_struct');

/** An image with zero pages, so that the search has something to pass over. */
function imageWith(...parts: readonly (readonly [bigint, Uint8Array])[]): FakeVirtualMemory {
  const memory = new FakeVirtualMemory();
  for (const [at, bytes] of parts) memory.writeBytes(at, bytes);
  return memory;
}

const symbolAt = (at: bigint) => ({ lookup: () => new Map([['__start_BTF', at]]) });

describe('findBtf', () => {
  it('is led by the symbol', () => {
    const memory = imageWith([TEXT + 0x5000n, kernel]);
    const found = findBtf({ memory, symbols: symbolAt(TEXT + 0x5000n) });
    expect(found?.btf.sizeOf('task_struct')).toBe(8);
    expect(found?.size).toBeGreaterThan(kernel.length - 4);
    expect(found?.size).toBeLessThanOrEqual(kernel.length);
    expect(found?.evidence).toContain('__start_BTF');
  });

  it('searches the image where there are no symbols, or where they lead to nothing of the kind', () => {
    const at = TEXT + 0x203ff4n;
    const memory = imageWith([at, kernel], [TEXT, new Uint8Array(64)]);
    expect(findBtf({ memory, textBase: TEXT })?.at).toBe(at);
    expect(findBtf({ memory, symbols: symbolAt(TEXT), textBase: TEXT })?.at).toBe(at);
  });

  it('passes over headers without a kernel behind them', () => {
    const program = writeTypes('my_program');
    const torn = kernel.subarray(0, 32);
    const memory = imageWith(
      [TEXT + 0x10n, torn],
      [TEXT + 0x2000n, program],
      [TEXT + 0x8001n, kernel],
      [TEXT + 0x10004n, kernel],
    );
    expect(findBtf({ memory, textBase: TEXT })?.at).toBe(TEXT + 0x10004n);
  });

  it('finds none where there is none', () => {
    expect(findBtf({ memory: imageWith([TEXT, new Uint8Array(64)]), textBase: TEXT })).toBeUndefined();
    expect(findBtf({ memory: imageWith() })).toBeUndefined();
  });

  it('says that a part is missing, or that it is damaged', () => {
    const memory = imageWith([TEXT, kernel]);
    memory.remove(TEXT + 0x1000n);
    const incomplete = () => findBtf({ memory, symbols: symbolAt(TEXT) });
    expect(kernel.length).toBeGreaterThan(4096);
    expect(codeOf(incomplete)).toBe('BTF_INCOMPLETE');
    const damaged = kernel.slice();
    damaged.fill(0xff, 24 + 20, 24 + 24);
    expect(codeOf(() => findBtf({ memory: imageWith([TEXT, damaged]), symbols: symbolAt(TEXT) }))).toBe(
      'BTF_MALFORMED',
    );
  });
});
