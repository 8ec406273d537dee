import { createListing, OsiError, type Subject } from '@osi-linux/core';
import { expect, it } from 'vitest';
import type { OsiLinux } from '../osi-linux';
import type { LinuxThread } from '../rows/linux-types';
import { takeSnapshot } from './linux-snapshot';

it('of a process keeps what is missing of its threads, and what may be of any process', () => {
  const reason = new OsiError('PAGE_NOT_PRESENT', 'page not present');
  const thread = (pid: number, tid: number): LinuxThread => ({ taskd: BigInt(tid), tid, pid, name: null });
  const of: Subject = { kind: 'thread', field: 'name' };
  const subjects: Subject[] = [
    { ...of, pid: 7, tid: 8 },
    { ...of, pid: 9, tid: 9 },
    { kind: 'thread', tid: 10, field: 'pid' },
    { kind: 'list', name: 'task_struct.tasks' },
  ];
  const skipped = subjects.map((subject) => ({ subject, reason }));
  const linux = {
    getProcesses: () => createListing([], []),
    getThreads: () => createListing([thread(7, 8), thread(9, 9)], skipped),
  } as unknown as OsiLinux;
  const { thread: kept } = takeSnapshot(linux, { kinds: ['thread'], pids: [7] }).listings;
  expect(kept?.map(({ tid }) => tid)).toEqual([8]);
  expect(kept?.skipped.map(({ subject }) => subject)).toEqual([subjects[0], subjects[2], subjects[3]]);
});
