import type { ListingCommand } from '../command';
import { keepProcesses, selectedPids } from '../selection';

/** `osi-linux env`: one row a process, with its environment and directories. */
export const env: ListingCommand = {
  name: 'env',
  summary: 'list the environment, program and directories of each process',
  tellsPaths: true,
  columns: [
    { field: 'pid', title: 'PID', align: 'right' },
    { field: 'exe', title: 'EXE' },
    { field: 'cwd', title: 'CWD' },
    { field: 'root', title: 'ROOT' },
    { field: 'env', title: 'ENV' },
  ],
  list: (guest, options) => {
    const pids = selectedPids(guest, options);
    const listing = guest.linux.getEnvironments({ pids, ownRoot: options.ownRoot });
    const rows = listing.map(({ pid, env, cwd, root, exe }) => ({ pid, env, cwd, root, exe }));
    return keepProcesses(guest, { rows, skipped: listing.skipped, findings: listing.findings }, pids);
  },
};
