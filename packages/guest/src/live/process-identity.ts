import { attempt as attemptOr } from '@osi-linux/core';
import { type Kernel, StructView, type Task } from '@osi-linux/kstruct';
import type { OsiProc, OsiRunningTask } from '@osi-linux/osi';

/** The fields that identify a process, and its name; a field is `null` where it could not be read. */
export function readIdentity(leader: Task): OsiProc {
  const mm = attempt(() => leader.mm) ?? undefined;
  return {
    taskd: leader.address,
    pid: attempt(() => leader.tgid),
    ppid: attempt(() => leader.ppid),
    name: attempt(() => leader.comm),
    createTime: attempt(() => leader.startTime),
    pgd: mm === undefined ? null : attempt(() => mm.pgd),
    asid: mm === undefined ? null : attempt(() => mm.asid),
  };
}

/** The thread that a processor runs. */
export function readRunning(cpu: number, task: Task): OsiRunningTask {
  return {
    cpu,
    pid: attempt(() => task.tgid),
    tid: attempt(() => task.pid),
    name: attempt(() => task.comm),
    taskd: task.address,
    createTime: attempt(() => task.startTime),
  };
}

/**
 * Whether a thread has exited, if the profile has the key; else `null`. Corresponds to
 * `task_struct.exit_state`.
 */
export function hasExited({ info, memory }: Kernel, task: Task): boolean | null {
  const offset = info['task.exit_state_offset'];
  if (offset === undefined) return null;
  return attempt(() => new StructView(memory, task.address).u32(offset) !== 0);
}

/** What `read` gives, or `null` where it fails with an `OsiError`. */
export function attempt<Value>(read: () => Value): Value | null {
  return attemptOr(read, () => null);
}
