import { jsonAddress, jsonCount } from '../../output/json-value';
import type { ListingCommand } from '../command';
import { keepProcesses, selectedPids } from '../selection';

/** `osi-linux maps`: one row a mapping of a process. */
export const maps: ListingCommand = {
  name: 'maps',
  summary: 'list the memory mappings of each process',
  threadsHelp:
    'also list the mappings of threads whose address space differs from that of their leader, or, on older kernels, whose [stack] differs, with the tid',
  tellsPaths: true,
  columns: [
    { field: 'pid', title: 'PID', align: 'right' },
    { field: 'base', title: 'BASE', align: 'right' },
    { field: 'size', title: 'SIZE', align: 'right' },
    { field: 'perms', title: 'PERMS' },
    { field: 'offset', title: 'OFFSET', align: 'right' },
    { field: 'name', title: 'NAME' },
    { field: 'file', title: 'FILE' },
  ],
  list: (guest, options) => {
    const pids = selectedPids(guest, options);
    const listing = guest.linux.getMappings({ pids, threads: options.threads, ownRoot: options.ownRoot });
    const rows = listing.map((found) => ({
      pid: found.pid,
      ...(found.tid === undefined ? {} : { tid: found.tid }),
      base: jsonAddress(found.base),
      size: jsonCount(found.size),
      name: found.name,
      file: found.file,
      offset: jsonCount(found.offset),
      flags: jsonAddress(found.flags),
      perms: found.perms,
      modd: jsonAddress(found.modd),
    }));
    return keepProcesses(guest, { rows, skipped: listing.skipped }, pids);
  },
};
