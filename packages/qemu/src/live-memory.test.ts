import { OsiError, type PhysicalRange } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { LiveMemory } from './live-memory';

const PAGE = 4096;

/** Memory whose every byte is the number of its page plus that of the moment. */
function fakeReader(worthOfRun = 0, readAhead = PAGE) {
  const reader = {
    worthOfRun,
    readAhead,
    moment: 0,
    failure: undefined as OsiError | undefined,
    asked: [] as PhysicalRange[][],
    readRuns(runs: readonly PhysicalRange[]) {
      reader.asked.push([...runs]);
      if (reader.failure !== undefined) throw reader.failure;
      return runs.map(({ start, end }) =>
        Uint8Array.from({ length: end - start }, (_, at) => Math.floor((start + at) / PAGE) + reader.moment),
      );
    },
  };
  return reader;
}

const pages = (first: number, end: number): PhysicalRange => ({ start: first * PAGE, end: end * PAGE });

describe('LiveMemory', () => {
  it('keeps what it read until it is refreshed', () => {
    const reader = fakeReader();
    const memory = new LiveMemory(reader, [pages(0, 10)]);
    const before = memory.page(3);
    reader.moment = 100;
    expect([memory.page(3)?.bytes[0], reader.asked.length]).toEqual([3, 1]);
    memory.refresh();
    expect([memory.page(3)?.bytes[0], before?.bytes[0]]).toEqual([103, 3]);
  });

  it('reads ahead within its range, and never twice', () => {
    const reader = fakeReader(0, 4 * PAGE);
    const memory = new LiveMemory(reader, [pages(0, 6), pages(8, 10)]);
    for (const frame of [1, 0, 2, 5, 4, 9]) expect(memory.page(frame)?.bytes[7]).toBe(frame);
    expect(reader.asked).toEqual([[pages(0, 4)], [pages(4, 6)], [pages(8, 10)]]);
  });

  it('reads at once what was asked for before, over gaps that cost less than a run', () => {
    const reader = fakeReader(2 * PAGE);
    const memory = new LiveMemory(reader, [pages(0, 20), pages(20, 21), pages(40, 50)]);
    for (const frame of [9, 2, 4, 45, 15]) memory.page(frame);
    reader.asked = [];
    memory.refresh(true);
    expect(reader.asked).toEqual([[pages(2, 5), pages(9, 10), pages(15, 16), pages(45, 46)]]);
    for (const frame of [2, 3, 4, 9, 15, 45]) expect(memory.page(frame)?.bytes[0]).toBe(frame);
    expect(reader.asked).toHaveLength(1);
  });

  it('has holes outside of RAM, and whole pages only', () => {
    const memory = new LiveMemory(fakeReader(), [{ start: 100, end: 3 * PAGE - 1 }]);
    expect(memory.ranges).toEqual([pages(1, 2)]);
    expect([memory.page(0), memory.page(2)]).toEqual([undefined, undefined]);
    expect(memory.hole(0).code).toBe('PHYSICAL_HOLE');
    expect(memory.hole(1).code).toBe('PAGE_PRESENT');
  });

  it('scans up to the end of a range', () => {
    const memory = new LiveMemory(fakeReader(), [pages(1, 3)]);
    const into = new Uint8Array(3 * PAGE);
    expect(memory.scan(PAGE + 10, into)).toBe(2 * PAGE - 10);
    expect([into[0], into[PAGE], into[2 * PAGE - 11], into[2 * PAGE - 10]]).toEqual([1, 2, 2, 0]);
    expect(memory.scan(0, into)).toBe(0);
  });

  it('is sealed where the guest runs on, and then knows whether more was asked for', () => {
    const reader = fakeReader();
    const memory = new LiveMemory(reader, [pages(0, 9)]);
    memory.page(3);
    memory.refresh(true);
    memory.seal();
    expect([memory.page(3)?.bytes[0], memory.page(20), memory.isIncomplete]).toEqual([3, undefined, false]);
    expect([memory.page(4), memory.scan(0, new Uint8Array(9)), memory.isIncomplete]).toEqual([
      undefined,
      0,
      true,
    ]);
    expect(reader.asked).toHaveLength(2);
    memory.refresh(true);
    expect([memory.isIncomplete, memory.page(4)?.bytes[0], reader.asked.at(-1)]).toEqual([
      false,
      4,
      [pages(3, 5)],
    ]);
  });

  it('tells why it cannot be read, without asking again before it is refreshed', () => {
    const reader = fakeReader();
    const memory = new LiveMemory(reader, [pages(0, 4)]);
    reader.failure = new OsiError('LIVE_CONNECTION_LOST', 'gone');
    expect([memory.page(1), memory.page(2), memory.scan(0, new Uint8Array(9))]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    expect(reader.asked).toHaveLength(1);
    expect([memory.hole(1), memory.failure]).toEqual([reader.failure, reader.failure]);
    reader.failure = undefined;
    memory.refresh();
    expect(memory.page(1)?.bytes[0]).toBe(1);
  });
});
