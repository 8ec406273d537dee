import { describe, expect, it } from 'vitest';
import { processorTime } from './processor-time';

/** Keeps the processor busy for so many of its own milliseconds. */
function work(milliseconds: number): void {
  const before = process.cpuUsage();
  for (let spent = 0; spent < milliseconds * 1000; ) {
    const { user, system } = process.cpuUsage(before);
    spent = user + system;
  }
}

describe('processorTime', () => {
  it('counts work', () => {
    expect(processorTime(() => work(60))).toBeGreaterThanOrEqual(60);
  });

  it('does not count the time for which the process sleeps', () => {
    const flags = new Int32Array(new SharedArrayBuffer(4));
    expect(processorTime(() => Atomics.wait(flags, 0, 0, 1000))).toBeLessThan(500);
  });
});
