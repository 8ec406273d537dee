import { describe, expect, it } from 'vitest';
import type { TruthTask } from '../proc/proc-files';
import { expectedTitle, hasWholeTitles } from './expected-name';
import { bytesOf } from './made-truth';

const taskOf = (comm: string, kernelThread = true) =>
  ({ kernelThread, comm: bytesOf(`${comm}\0`) }) as unknown as TruthTask;
const expected = (shown: string, title: unknown, whole = true) =>
  expectedTitle(bytesOf(shown), taskOf(shown.slice(0, 15)), { title }, whole);

describe('the title that a row must have', () => {
  it('is what /proc shows of a kernel thread, or its short name where the rows have no whole ones', () => {
    expect(expected('rcu_tasks_kthread', 'rcu_tasks_kthre')).toBe('rcu_tasks_kthread');
    expect(expected('rcu_tasks_kthread', 'rcu_tasks_kthre', false)).toBe('rcu_tasks_kthre');
    expect(expected('kworker/R-kvfree_rcu_reclaim', 'kworker/R-kvfre')).toBe('kworker/R-kvfree_rcu_reclaim');
    expect(expected('kworker/R-kvfree_rcu_reclaim', 'kworker/R-kvfre', false)).toBe('kworker/R-kvfre');
    expect(expected('kthreadd', 'other')).toBe('kthreadd');
    expect(expected('kthreadd', 'other', false)).toBe('kthreadd');
  });

  it('is null for any other task, and not known without the task or a title', () => {
    expect(expectedTitle(bytesOf('sh'), taskOf('sh', false), { title: 'sh' }, true)).toBeNull();
    expect(expectedTitle(bytesOf('sh'), undefined, { title: 'sh' }, true)).toBeUndefined();
    expect(expected('kthreadd', undefined)).toBeUndefined();
  });

  it.each([
    ['kworker/0:1-events', 'kworker/0:1-events', true],
    ['kworker/0:1-events', 'kworker/0:1+mm_percpu_wq', true],
    ['kworker/0:1', 'kworker/0:1-kblockd', true],
    ['kworker/0:1-events', 'kworker/0:1', true],
    ['kworker/R-rcu_gp', 'kworker/R-rcu_gp', true],
    ['kworker/0:1-events', 'kworker/0:12-events', false],
    ['kworker/R-rcu_gp', 'kworker/R-netns', false],
    ['kworker/0:1-events', null, false],
  ])('of the worker %s is taken from the row %s: %s', (shown, title, taken) => {
    expect(expected(shown, title)).toBe(taken ? title : shown);
  });

  it('is whole where a thread that is not a worker has a longer name than fits', () => {
    expect(hasWholeTitles([{ title: 'kworker/0:1-mm_percpu_wq' }, { title: null }])).toBe(false);
    expect(hasWholeTitles([{ title: 'rcu_tasks_kthread' }])).toBe(true);
  });
});
