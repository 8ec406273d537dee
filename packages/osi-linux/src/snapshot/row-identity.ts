import type { LinuxProcess } from '../rows/linux-types';
import type { SnapshotKind, SnapshotRows } from './linux-snapshot';

type Identities = {
  readonly [Kind in SnapshotKind]: (row: SnapshotRows[Kind], processes: RowIdentity) => string;
};

const IDENTITIES: Identities = {
  process: ({ pid, taskd, createTime }) => `${pid} ${taskd} ${createTime}`,
  thread: ({ tid, taskd, pid }, processes) => `${tid} ${taskd} of ${processes.owner(pid)}`,
  module: ({ name, modd }) => `${modd} ${name}`,
  mapping: ({ pid, tid, base }, processes) => `${base} of ${tid ?? ''} ${processes.owner(pid)}`,
  file: ({ pid, tid, fd }, processes) => `${fd} of ${tid ?? ''} ${processes.owner(pid)}`,
  socket: ({ pid, fd }, processes) => `${fd} of ${processes.owner(pid)}`,
  // The kernel gives the number of a mount that is gone to the next one.
  mount: ({ id, fstype, root }) => `${id} ${fstype} ${root}`,
  log: ({ time, level, text }) => `${time} ${level} ${text}`,
};

/** The identities of the rows of one moment, to find them at another one. */
export class RowIdentity {
  private readonly owners = new Map<number, string>();

  /** `processes` are those of the same moment: a pid alone may be another process's by then. */
  constructor(processes: readonly LinuxProcess[]) {
    for (const row of processes)
      if (row.pid !== null && !this.owners.has(row.pid))
        this.owners.set(row.pid, IDENTITIES.process(row, this));
  }

  /** The identity of a row. */
  of<Kind extends SnapshotKind>(kind: Kind, row: SnapshotRows[Kind]): string {
    return IDENTITIES[kind](row, this);
  }

  /** The identity of a process, by its pid. */
  owner(pid: number | null): string {
    return (pid === null ? undefined : this.owners.get(pid)) ?? `${pid}`;
  }
}
