import { jsonAddress } from '../../output/json-value';
import type { ListingCommand } from '../command';
import { keepPids, selectedPids } from '../selection';

/** `osi-linux threads`: one row a thread. */
export const threads: ListingCommand = {
  name: 'threads',
  summary: 'list the threads of every process',
  columns: [
    { field: 'pid', title: 'PID', align: 'right' },
    { field: 'tid', title: 'TID', align: 'right' },
    { field: 'name', title: 'NAME' },
    { field: 'taskd', title: 'TASKD' },
  ],
  list: (guest, options) => {
    const listing = guest.linux.getThreads();
    const rows = listing.map(({ pid, tid, name, taskd }) => ({ pid, tid, name, taskd: jsonAddress(taskd) }));
    return keepPids(rows, listing.skipped, selectedPids(guest, options));
  },
};
