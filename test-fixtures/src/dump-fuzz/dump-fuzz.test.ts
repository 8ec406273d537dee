import { OsiError, type PhysicalMemory } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { Random } from '../damage/random';
import type { FuzzSource } from './counting-source';
import { type FuzzSubject, fuzzDump, truncateDump } from './dump-fuzz';
import type { FuzzedDump } from './fuzzed-dump';
import { mutate } from './mutation';

const subject: FuzzSubject = { format: 'toy', write: () => new Uint8Array(4096).fill(7), boundaries: [100] };

/** A reader of a format that is a byte 7, which opens any other file with an OsiError. */
function openToy(source: FuzzSource, memory: Partial<PhysicalMemory> = {}): FuzzedDump {
  const head = new Uint8Array(1);
  if (source.read(0, head) < 1 || head[0] !== 7) throw new OsiError('DUMP_MALFORMED', 'no toy');
  return {
    memory: {
      ranges: [],
      page: () => undefined,
      hole: () => new OsiError('PHYSICAL_HOLE', 'no memory'),
      scan: () => 0,
      ...memory,
    },
    cpus: [],
    findings: [],
    close: () => undefined,
  };
}

describe('fuzzDump', () => {
  it('counts what became of the inputs, the same for the same seed', () => {
    const tally = fuzzDump(subject, openToy, 500, 1);
    expect(tally.inputs).toBe(501);
    expect(tally.opened + (tally.refused.get('DUMP_MALFORMED') ?? 0)).toBe(501);
    expect(tally.refused.get('DUMP_MALFORMED')).toBeGreaterThan(0);
    expect(fuzzDump(subject, openToy, 500, 1)).toEqual(tally);
  });

  it.each<[string, (source: FuzzSource) => FuzzedDump, RegExp]>([
    [
      'another error',
      (source) => {
        if (source.size < 4096) throw new TypeError('a bug');
        return openToy(source);
      },
      /^toy: .*(cut|drop).*: TypeError: a bug/,
    ],
    [
      'reading without end',
      (source) => {
        const byte = new Uint8Array(1);
        while (source.size < 4096 && source.read(0, byte) >= 0);
        return openToy(source);
      },
      /more than 200000 reads/,
    ],
    [
      'reading at a place that cannot be',
      (source) => {
        if (source.size < 4096) source.read(-1, new Uint8Array(1));
        return openToy(source);
      },
      /a read at -1/,
    ],
    ['a hole that is none', (source) => openToy(source, { hole: () => undefined as never }), /is none/],
    ['ranges out of order', (source) => openToy(source, { ranges: [{ start: 8, end: 8 }] }), /range 8 to 8/],
  ])('tells of %s', (_, open, message) => {
    expect(() => fuzzDump(subject, open, 300, 1)).toThrow(message);
  });

  it('wants the sound dump to be opened', () => {
    const open = (): FuzzedDump => {
      throw new OsiError('DUMP_MALFORMED', 'never');
    };
    expect(() => fuzzDump(subject, open, 1, 1)).toThrow('toy: the sound dump is refused: DUMP_MALFORMED');
  });
});

describe('truncateDump', () => {
  it('cuts at the boundaries and beside them', () => {
    const sizes = new Set<number>();
    const open = (source: FuzzSource): FuzzedDump => {
      sizes.add(source.size);
      return openToy(source);
    };
    const far = { ...subject, write: () => new Uint8Array(100_000).fill(7), boundaries: [50_001] };
    truncateDump(far, open);
    expect([0, 1, 2047, 50_000, 50_001, 50_002, 99_999].filter((size) => !sizes.has(size))).toEqual([]);
    expect(sizes.has(100_000)).toBe(false);
  });
});

describe('mutate', () => {
  it('changes a copy, and says how', () => {
    const original = new Uint8Array(256).fill(3);
    const changed = Array.from({ length: 200 }, (_, seed) => mutate(original, new Random(seed), []));
    expect(original.every((byte) => byte === 3)).toBe(true);
    expect(changed.every(({ steps }) => steps.length > 0 && steps.length <= 4)).toBe(true);
    const different = changed.filter(({ bytes }) => Buffer.compare(bytes, original) !== 0);
    expect(different.length).toBeGreaterThan(150);
    const kinds = new Set(changed.flatMap(({ steps }) => steps.map((step) => step.split(' ')[0])));
    expect([...kinds].sort()).toEqual(['16-bit', '32-bit', '64-bit', 'byte', 'copy', 'cut', 'drop', 'flip']);
  });
});
