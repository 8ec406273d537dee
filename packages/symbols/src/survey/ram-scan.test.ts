import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachOccurrence } from './ram-scan';

const bytes = (text: string) => new TextEncoder().encode(text);

const NEEDLE = bytes('needle!!');

function memoryOf(all: Uint8Array, holes: readonly number[]): FakePhysicalMemory {
  const memory = new FakePhysicalMemory();
  for (let frame = 0; frame * 4096 < all.length; frame += 1) {
    if (!holes.includes(frame)) memory.setPage(frame, all.subarray(frame * 4096, frame * 4096 + 4096));
  }
  return memory;
}

/** Found by text, without any of the scan's ways. */
function allPlaces(all: Uint8Array): number[] {
  const text = new TextDecoder('latin1').decode(all);
  const places: number[] = [];
  for (let place = text.indexOf('needle!!'); place >= 0; place = text.indexOf('needle!!', place + 1)) {
    places.push(place);
  }
  return places;
}

describe('eachOccurrence', () => {
  it('finds every needle at every place that its alignment allows, and no other', () => {
    const places = fc.uniqueArray(fc.nat(40 * 4096 - 16), { maxLength: 20 });
    fc.assert(
      fc.property(places, fc.uniqueArray(fc.nat(39), { maxLength: 3 }), (at, holes) => {
        const all = new Uint8Array(40 * 4096).fill(0x61);
        for (const place of at) all.set(NEEDLE, place);
        const memory = memoryOf(all, holes);
        const missing = (place: number) => [place, place + 7].some((end) => holes.includes(end >> 12));
        const expected = allPlaces(all).filter((place) => !missing(place));
        for (const alignment of [1, 4, 4096] as const) {
          const found = [...eachOccurrence(memory, [{ bytes: NEEDLE, alignment }])].map((hit) => hit.at);
          expect(found.sort((a, b) => a - b)).toEqual(expected.filter((place) => place % alignment === 0));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('tells several needles apart, and one in the middle of a page', () => {
    const memory = new FakePhysicalMemory();
    for (let frame = 0; frame < 40; frame += 1) memory.setPage(frame);
    memory.write(0x300c, bytes('VMCOREINFO'));
    memory.write(0x9001, bytes('Linux version '));
    memory.write(0xa00c, bytes('VMCOR no note'));
    const needles = [
      { bytes: bytes('Linux version '), alignment: 1 },
      { bytes: bytes('VMCOREINFO'), alignment: 4096, offset: 12 },
    ] as const;
    expect([...eachOccurrence(memory, needles)]).toEqual([
      { needle: 0, at: 0x9001 },
      { needle: 1, at: 0x300c },
    ]);
  });

  it('refuses a needle that it could not find everywhere', () => {
    const memory = new FakePhysicalMemory();
    const search = (text: string) => [...eachOccurrence(memory, [{ bytes: bytes(text), alignment: 1 }])];
    expect(() => search('short')).toThrow(RangeError);
  });
});
