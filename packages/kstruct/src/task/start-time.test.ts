import { SkippedLog } from '@osi-linux/core';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { ProcessReader } from './process-reader';
import { eachProcess } from './task-list';

const TASKS = [
  { pid: 0, comm: 'swapper/0' },
  { pid: 1, comm: 'init' },
  { pid: 2, comm: 'kthreadd' },
  { pid: 10, comm: 'daemon' },
];

/** A kernel whose tasks have these two words at `start_time`, in the order of {@link TASKS}. */
function kernelWith(words: readonly (readonly [bigint, bigint])[]): FakeKernel {
  const fake = new FakeKernel(TASKS);
  for (const [index, [first, second]] of words.entries()) {
    const at = fake.task(TASKS[index]!.pid) + BigInt(fake.info['task.start_time_offset']);
    fake.memory.writeWord(at, first);
    fake.memory.writeWord(at + 8n, second);
  }
  return fake;
}

function startsOf(kernel: FakeKernel): bigint[] {
  return [...eachProcess(kernel, new SkippedLog())].map((task) => task.startTime);
}

describe('start_time', () => {
  it('of a kernel that keeps a timespec is seconds and nanoseconds', () => {
    const kernel = kernelWith([
      [0n, 0n],
      [0n, 812_000_000n],
      [1n, 4n],
      // 46 days: as nanoseconds this would be 4 ms.
      [4_000_000n, 999_999_999n],
    ]);
    expect(startsOf(kernel)).toEqual([0n, 812_000_000n, 1_000_000_004n, 4_000_000_999_999_999n]);
    const last = [...eachProcess(kernel, new SkippedLog())].at(-1)!;
    expect(new ProcessReader(kernel).read(last)?.createTime).toBe(4_000_000_999_999_999n);
  });

  it('of a kernel that keeps nanoseconds is taken as it is', () => {
    const kernel = kernelWith([
      [0n, 0n],
      [4_000_000n, 4_000_000n],
      [4_000_001n, 4_000_001n],
      [3n, 4_000_002n],
    ]);
    expect(startsOf(kernel)).toEqual([0n, 4_000_000n, 4_000_001n, 3n]);
  });
});
