import { formatFinding, SkippedLog } from '@osi-linux/core';
import { eachProcess } from '@osi-linux/kstruct';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { findBorrowedSpaceFindings } from './borrowed-space-findings';

describe('the findings about kernel threads with an address space', () => {
  it('name the process whose flag is set', () => {
    const fake = new FakeKernel([
      { pid: 0, comm: 'swapper/0' },
      { pid: 1, comm: 'init', args: ['init'] },
      { pid: 2, comm: 'kthreadd' },
      { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon'] },
    ]);
    expect(findBorrowedSpaceFindings(fake)).toEqual([]);
    const daemon = [...eachProcess(fake, new SkippedLog())][3]!;
    const { 'task.flags_offset': flags, 'task.PF_KTHREAD': flag } = fake.info;
    fake.memory.writeInt(daemon.address + BigInt(flags), flag);
    expect(findBorrowedSpaceFindings(fake).map(formatFinding)).toEqual([
      {
        what: 'kernel thread with an address space',
        value: 'pid 10: daemon',
        evidence: 'PF_KTHREAD is set, and mm is not null: it works for a process, or its flags are damaged',
      },
    ]);
  });

  it('are none where the profile has no keys for them', () => {
    const fake = new FakeKernel([{ pid: 0, comm: 'swapper/0' }]);
    expect(findBorrowedSpaceFindings({ memory: fake.memory, info: {} })).toEqual([]);
  });
});
