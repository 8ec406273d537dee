import { FakeEmulator } from '@osi-linux/test-fixtures/v86-guest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchSlices } from './slice-watch';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('watchSlices', () => {
  it('calls while the emulator runs and no slice is under way, until it is ended', () => {
    const emulator = new FakeEmulator(4096);
    const listener = vi.fn();
    const end = watchSlices(emulator, listener, { everyMs: 10 });
    vi.advanceTimersByTime(30);
    expect(listener).toHaveBeenCalledTimes(3);
    emulator.running = false;
    vi.advanceTimersByTime(30);
    emulator.running = true;
    emulator.v86.idle = false;
    vi.advanceTimersByTime(30);
    expect(listener).toHaveBeenCalledTimes(3);
    emulator.v86.idle = true;
    vi.advanceTimersByTime(10);
    expect(listener).toHaveBeenCalledTimes(4);
    end();
    vi.advanceTimersByTime(100);
    expect(listener).toHaveBeenCalledTimes(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the listener ends it', () => {
    const end = watchSlices(new FakeEmulator(4096), () => end(), { everyMs: 0 });
    vi.advanceTimersByTime(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with an error of the listener, and tells it', () => {
    const told: unknown[] = [];
    const listener = vi.fn(() => {
      throw new TypeError('a bug');
    });
    watchSlices(new FakeEmulator(4096), listener, { onError: (error) => told.push(error) });
    vi.advanceTimersByTime(100);
    expect(told).toEqual([new TypeError('a bug')]);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('throws an error of the listener that nobody is told of', () => {
    watchSlices(new FakeEmulator(4096), () => {
      throw new TypeError('a bug');
    });
    expect(() => vi.advanceTimersByTime(10)).toThrow('a bug');
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 31])('refuses to wait %s ms', (everyMs) => {
    expect(() => watchSlices(new FakeEmulator(4096), () => undefined, { everyMs })).toThrow(
      expect.objectContaining({ code: 'V86_INTERVAL_INVALID' }),
    );
  });
});
