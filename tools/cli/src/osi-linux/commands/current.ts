import { jsonAddress } from '../../output/json-value';
import type { ListingCommand } from '../command';
import { keepProcesses } from '../selection';

/** `osi-linux current`: the process and thread on each processor. */
export const current: ListingCommand = {
  name: 'current',
  summary: 'show the running thread of each processor',
  columns: [
    { field: 'cpu', title: 'CPU', align: 'right' },
    { field: 'pid', title: 'PID', align: 'right' },
    { field: 'tid', title: 'TID', align: 'right' },
    { field: 'name', title: 'NAME' },
    { field: 'mode', title: 'MODE' },
    { field: 'taskd', title: 'TASKD' },
    { field: 'asid', title: 'ASID' },
  ],
  list: (guest, { pids, cpu }) => {
    const { linux } = guest;
    if (cpu !== undefined) linux.requireOnline(cpu);
    const listing = linux.getCurrent(cpu);
    const rows = listing.map((row) => ({
      cpu: row.cpu,
      pid: row.pid,
      tid: row.tid,
      name: row.name,
      taskd: jsonAddress(row.taskd),
      asid: jsonAddress(row.asid),
      mode: row.mode,
    }));
    return keepProcesses(guest, { rows, skipped: listing.skipped }, pids);
  },
};
