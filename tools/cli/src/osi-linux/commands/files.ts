import { jsonAddress, jsonCount } from '../../output/json-value';
import type { ListingCommand } from '../command';
import { keepProcesses, selectedPids } from '../selection';

/** `osi-linux files`: one row a descriptor that a process has open. */
export const files: ListingCommand = {
  name: 'files',
  summary: 'list the open files of each process',
  threadsHelp: 'also list the files of threads that have their own descriptor table, with the tid',
  tellsPaths: true,
  columns: [
    { field: 'pid', title: 'PID', align: 'right' },
    { field: 'fd', title: 'FD', align: 'right' },
    { field: 'pos', title: 'POS', align: 'right' },
    { field: 'flags', title: 'FLAGS' },
    { field: 'filename', title: 'FILENAME' },
  ],
  list: (guest, options) => {
    const pids = selectedPids(guest, options);
    const listing = guest.linux.getFiles({ pids, threads: options.threads, ownRoot: options.ownRoot });
    const rows = listing.map((found) => ({
      pid: found.pid,
      ...(found.tid === undefined ? {} : { tid: found.tid }),
      fd: found.fd,
      filename: found.filename,
      pos: jsonCount(found.pos),
      flags: jsonAddress(found.flags),
    }));
    return keepProcesses(guest, { rows, skipped: listing.skipped, findings: listing.findings }, pids);
  },
};
