import { describe, expect, it } from 'vitest';
import { type CountedTask, TaskCount } from './task-count';

const tasks = (...tids: number[]): CountedTask[] =>
  tids.map((tid) => ({ taskd: BigInt(tid) * 0x1000n, tid }));

describe('TaskCount', () => {
  it('counts what was started and never seen', () => {
    const count = new TaskCount(64);
    expect(count.missed).toBeUndefined();
    count.seeAll(tasks(1, 2), 100n);
    expect(count.missed).toBe(0);
    count.seeAll(tasks(1, 5), 103n);
    expect(count.missed).toBe(2);
  });

  it('counts a thread that ran between two listings as seen, once', () => {
    const count = new TaskCount(64);
    count.seeAll(tasks(1), 100n);
    for (const task of tasks(7, 7, 8)) count.see(task);
    count.seeAll(tasks(1, 8), 102n);
    expect(count.missed).toBe(0);
  });

  it('does not count idle threads and those that were there before', () => {
    const count = new TaskCount(64);
    count.seeAll(tasks(1), 100n);
    for (const task of [...tasks(0, 1), { taskd: 5n, tid: null }]) count.see(task);
    count.seeAll(tasks(1), 101n);
    expect(count.missed).toBe(1);
  });

  it('tells a thread from a later one with its id', () => {
    const count = new TaskCount(64);
    count.seeAll(tasks(1, 9), 100n);
    count.seeAll([...tasks(1), { taskd: 0x777n, tid: 9 }], 101n);
    expect(count.missed).toBe(0);
  });

  it('goes on where the count of a 32-bit kernel runs over', () => {
    const count = new TaskCount(32);
    count.seeAll(tasks(1), 0xfffffffen);
    count.seeAll(tasks(1), 1n);
    expect(count.missed).toBe(3);
  });
});
