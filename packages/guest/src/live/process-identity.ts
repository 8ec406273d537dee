import { attempt } from '@osi-linux/core';
import { type Kernel, StructView, type Task } from '@osi-linux/kstruct';
import type { OsiProc, OsiRunningTask } from '@osi-linux/osi';

/** The fields that identify a process, and its name; a field is `null` if it could not be read. */
export function readIdentity(leader: Task): OsiProc {
  const mm = readOrNull(() => leader.mm) ?? undefined;
  return {
    taskd: leader.address,
    pid: readOrNull(() => leader.tgid),
    ppid: readOrNull(() => leader.ppid),
    name: readOrNull(() => leader.comm),
    createTime: readOrNull(() => leader.startTime),
    pgd: mm === undefined ? null : readOrNull(() => mm.pgd),
    asid: mm === undefined ? null : readOrNull(() => mm.asid),
  };
}

/** The thread that a processor runs. */
export function readRunning(cpu: number, task: Task): OsiRunningTask {
  return {
    cpu,
    pid: readOrNull(() => task.tgid),
    tid: readOrNull(() => task.pid),
    name: readOrNull(() => task.comm),
    taskd: task.address,
    createTime: readOrNull(() => task.startTime),
  };
}

/**
 * Whether a thread has exited, if the profile has the key; else `null`. Corresponds to
 * `task_struct.exit_state`.
 */
export function hasExited({ info, memory }: Kernel, task: Task): boolean | null {
  const offset = info['task.exit_state_offset'];
  if (offset === undefined) return null;
  return readOrNull(() => new StructView(memory, task.address).u32(offset) !== 0);
}

/** The result of `read`, or `null` if it fails with an `OsiError`. */
export function readOrNull<Value>(read: () => Value): Value | null {
  return attempt(read, () => null);
}
