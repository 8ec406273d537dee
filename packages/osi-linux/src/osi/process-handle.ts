import type { SkippedLog } from '@osi-linux/core';
import type { Task } from '@osi-linux/kstruct';
import type { OsiProcHandle } from '@osi-linux/osi';
import { readAsid } from '../rows/process-row';

/** The handle of a process: a field that is `null` does not exist, or is reported to `skipped`. */
export function readProcessHandle(leader: Task, skipped: SkippedLog): OsiProcHandle {
  return {
    taskd: leader.address,
    asid: readAsid(leader, skipped),
    createTime: skipped.attempt(
      () => ({ kind: 'process', address: leader.address, field: 'createTime' }),
      () => leader.startTime,
    ),
  };
}
