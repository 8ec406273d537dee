import { describe, expect, it } from 'vitest';
import type { OsiEvent } from './osi-events';
import type { OsiProc } from './osi-types';
import { ProcessChanges, type ProcessMoment } from './process-changes';

function process(pid: number, changed: Partial<OsiProc> = {}): OsiProc {
  const taskd = BigInt(pid) * 0x1000n;
  return { taskd, pgd: taskd + 1n, asid: null, pid, ppid: 1, name: `p${pid}`, createTime: 10n, ...changed };
}

function moment(processes: readonly OsiProc[], changed: Partial<ProcessMoment> = {}): ProcessMoment {
  return { processes, complete: true, running: [], ...changed };
}

function tell(events: readonly OsiEvent[]): string[] {
  return events.map((change) =>
    change.name === 'task-change'
      ? `task-change ${change.event.cpu} ${change.event.task?.tid}`
      : `${change.name} ${change.event.pid} ${change.event.name}`,
  );
}

/** The events of the last of several moments. */
function last(...moments: readonly ProcessMoment[]): string[] {
  const changes = new ProcessChanges();
  return tell(moments.map((one) => changes.add(one)).at(-1) ?? []);
}

const [one, two, three] = [process(1), process(2), process(3)];

describe('processes', () => {
  it('tells nothing of the first moment, and nothing where nothing changed', () => {
    expect(last(moment([one, two]))).toEqual([]);
    expect(last(moment([one, two]), moment([two, one]))).toEqual([]);
  });

  it('tells ends before starts', () => {
    expect(last(moment([one, two]), moment([one, three]))).toEqual([
      'process-end 2 p2',
      'process-start 3 p3',
    ]);
  });

  it.each([
    ['another pid', { pid: 9, createTime: 10n, name: 'new' }],
    ['another start', { pid: 2, createTime: 11n, name: 'new' }],
  ])('takes the same descriptor with %s for another process', (_, changed) => {
    const events = last(moment([one, two]), moment([one, process(2, changed)]));
    expect(events).toEqual(['process-end 2 p2', `process-start ${changed.pid} new`]);
  });

  it('takes a process whose fields could not be read for the one that was there', () => {
    const torn = process(2, { pid: null, createTime: null, name: null });
    expect(last(moment([two]), moment([torn], { complete: false }))).toEqual([]);
    expect(last(moment([two]), moment([torn], { complete: false }), moment([]))).toEqual([
      'process-end 2 p2',
    ]);
  });

  it('does not end what an incomplete listing does not show', () => {
    const broken = moment([one], { complete: false });
    expect(last(moment([one, two]), broken)).toEqual([]);
    expect(last(moment([one, two]), broken, moment([one, two]))).toEqual([]);
    expect(last(moment([one, two]), broken, moment([one]))).toEqual(['process-end 2 p2']);
  });
});

describe('exec', () => {
  it.each([
    ['another name', { name: 'ls' }, ['exec 2 ls']],
    ['another name in another address space', { name: 'ls', pgd: 7n }, ['exec 2 ls']],
    ['another name of one that has exited by now', { pgd: null, name: 'ls' }, ['exec 2 ls']],
    ['nothing, of one that has exited by now', { pgd: null }, []],
  ])('of %s', (_, changed, events) => {
    expect(last(moment([two]), moment([process(2, changed)]))).toEqual(events);
  });

  it('waits a moment for the name, and tells it once', () => {
    const moved = moment([process(2, { pgd: 7n })]);
    const named = moment([process(2, { pgd: 7n, name: 'ls' })]);
    expect(last(moment([two]), moved)).toEqual([]);
    expect(last(moment([two]), moved, named)).toEqual(['exec 2 ls']);
    expect(last(moment([two]), moved, named, named)).toEqual([]);
    expect(last(moment([two]), moved, moved)).toEqual(['exec 2 p2']);
    expect(last(moment([two]), moved, moved, moved)).toEqual([]);
  });

  it('of a thread of the kernel that becomes a program, and not of one that is renamed', () => {
    const kernel = process(2, { pgd: null, name: 'kthreadd' });
    expect(last(moment([kernel]), moment([two]))).toEqual(['exec 2 p2']);
    expect(last(moment([{ ...two, pgd: null }]), moment([two]))).toEqual([]);
    expect(last(moment([kernel]), moment([{ ...kernel, name: 'kworker' }]))).toEqual([]);
  });
});

describe('processors', () => {
  const task = { cpu: 0, pid: 2, tid: 2, name: 'p2', taskd: 0x2000n };

  it('tells another task, and the same one in another program', () => {
    const before = moment([], { running: [task, { ...task, cpu: 1 }] });
    const other = { ...task, cpu: 1, tid: 5, taskd: 0x5000n };
    expect(last(before, moment([], { running: [task, other] }))).toEqual(['task-change 1 5']);
    expect(last(before, moment([], { running: [{ ...task, name: 'ls' }] }))).toEqual(['task-change 0 2']);
    expect(last(before, before)).toEqual([]);
  });
});

describe('missed', () => {
  function missedOf(...ids: readonly (readonly number[])[]): number | undefined {
    const changes = new ProcessChanges();
    for (const all of ids) changes.add(moment([], { ids: all }));
    return changes.missed;
  }

  it('counts the ids that a higher one shows to have been given', () => {
    expect(missedOf([1, 2, 700])).toBe(0);
    expect(missedOf([1, 2, 700], [1, 2, 701])).toBe(0);
    expect(missedOf([1, 2, 700], [1, 2, 701, 705])).toBe(3);
    expect(missedOf([1, 2, 700], [1, 2, 705], [1, 2], [1, 2, 707])).toBe(5);
  });

  it('goes on after the kernel began anew with low ids, and counts none across', () => {
    expect(missedOf([1, 32700], [1, 310], [1, 313])).toBe(2);
  });

  it('does not count an id twice that an incomplete listing did not show', () => {
    const changes = new ProcessChanges();
    changes.add(moment([], { ids: [1, 700] }));
    changes.add(moment([], { ids: [1], complete: false }));
    changes.add(moment([], { ids: [1, 700] }));
    changes.add(moment([], { ids: [1, 702] }));
    expect(changes.missed).toBe(1);
  });

  it('is unknown where ids are', () => {
    const changes = new ProcessChanges();
    changes.add(moment([one]));
    changes.add(moment([three]));
    expect(changes.missed).toBeUndefined();
  });
});
