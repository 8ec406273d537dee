import { jsonCount } from '../../output/json-value';
import type { ListingCommand } from '../command';
import { keepProcesses, selectedPids } from '../selection';

/** `osi-linux sockets`: one row a socket that a process has open. */
export const sockets: ListingCommand = {
  name: 'sockets',
  summary: 'list the open sockets of each process',
  columns: [
    { field: 'pid', title: 'PID', align: 'right' },
    { field: 'fd', title: 'FD', align: 'right' },
    { field: 'family', title: 'FAMILY' },
    { field: 'type', title: 'TYPE' },
    { field: 'state', title: 'STATE' },
    { field: 'local', title: 'LOCAL' },
    { field: 'remote', title: 'REMOTE' },
    { field: 'inode', title: 'INODE', align: 'right' },
  ],
  list: (guest, options) => {
    const pids = selectedPids(guest, options);
    const listing = guest.linux.getSockets({ pids });
    const rows = listing.map((found) => ({
      pid: found.pid,
      fd: found.fd,
      family: found.family,
      type: found.type,
      local: found.local,
      remote: found.remote,
      state: found.state,
      inode: jsonCount(found.inode),
    }));
    return keepProcesses(guest, { rows, skipped: listing.skipped }, pids);
  },
};
