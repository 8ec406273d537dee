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
    { field: 'title', title: 'TITLE' },
  ],
  list: (guest, options) => {
    const listing = guest.linux.getThreads();
    const { titles, skipped } = guest.linux.getTitles(listing);
    const rows = listing.map(({ pid, tid, name, taskd }) => ({
      pid,
      tid,
      name,
      title: titles.get(taskd) ?? null,
      taskd: jsonAddress(taskd),
    }));
    return keepPids(rows, [...listing.skipped, ...skipped], selectedPids(guest, options));
  },
};
