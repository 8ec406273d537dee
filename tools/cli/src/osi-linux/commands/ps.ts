import { jsonAddress, jsonCount } from '../../output/json-value';
import type { ListingCommand } from '../command';
import { keepPids, selectedPids } from '../selection';

/** `osi-linux ps`: one row a process. */
export const ps: ListingCommand = {
  name: 'ps',
  summary: 'list the processes',
  columns: [
    { field: 'pid', title: 'PID', align: 'right' },
    { field: 'ppid', title: 'PPID', align: 'right' },
    { field: 'uid', title: 'UID', align: 'right' },
    { field: 'name', title: 'NAME' },
    { field: 'taskd', title: 'TASKD' },
    { field: 'asid', title: 'ASID' },
    { field: 'title', title: 'TITLE' },
    { field: 'cmdline', title: 'CMDLINE' },
  ],
  list: (guest, options) => {
    const listing = guest.linux.getProcesses();
    const { titles, skipped } = guest.linux.getTitles(listing);
    const rows = listing.map((found) => ({
      pid: found.pid,
      ppid: found.ppid,
      name: found.name,
      title: titles.get(found.taskd) ?? null,
      taskd: jsonAddress(found.taskd),
      pgd: jsonAddress(found.pgd),
      asid: jsonAddress(found.asid),
      createTime: jsonCount(found.createTime),
      uid: found.uid,
      gid: found.gid,
      euid: found.euid,
      egid: found.egid,
      kernelThread: found.kernelThread,
      cmdline: found.cmdline,
    }));
    return keepPids(rows, [...listing.skipped, ...skipped], selectedPids(guest, options));
  },
};
