import { OsiError } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { ListingOptions } from './command';

/** The memory as `--pid N` or `--cpu N` sees it, else as the kernel does. @throws OsiError for one that is not there. */
export function selectAddressSpace(guest: Guest, { pids, cpu }: ListingOptions): Guest['memory'] {
  const { memory } = guest;
  const asid =
    pids[0] !== undefined ? asidOfProcess(guest, pids[0]) : cpu !== undefined ? asidOfCpu(guest, cpu) : null;
  return asid === null ? memory : memory.withRoot(asid);
}

function asidOfProcess({ linux }: Guest, pid: number): number {
  const found = linux.getProcesses().find((candidate) => candidate.pid === pid);
  if (found === undefined) {
    throw new OsiError('PROCESS_UNKNOWN', `no process ${pid} in this guest`, {
      hint: 'run osi-linux ps to list all processes',
    });
  }
  if (found.asid !== null) return found.asid;
  throw new OsiError(
    'PROCESS_WITHOUT_MEMORY',
    `pid ${pid} (${found.name ?? 'name unreadable'}) has no user memory`,
    {
      hint: "kernel threads and exited processes have none; leave --pid out to read the kernel's memory",
      fields: { pid },
    },
  );
}

function asidOfCpu({ linux }: Guest, cpu: number): number | null {
  return linux.getCurrentProcess(cpu).asid;
}
