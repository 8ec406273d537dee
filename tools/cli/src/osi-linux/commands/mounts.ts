import type { ListingCommand } from '../command';
import { selectedPids } from '../selection';

const INIT_PID = 1;

/** `osi-linux mounts`: one row a mount that pid 1 can reach, or the processes that are named. */
export const mounts: ListingCommand = {
  name: 'mounts',
  summary: 'list the mounts that pid 1 sees, or the process given with --pid',
  columns: [
    { field: 'id', title: 'ID', align: 'right' },
    { field: 'parent', title: 'PARENT', align: 'right' },
    { field: 'fstype', title: 'FSTYPE' },
    { field: 'root', title: 'ROOT' },
    { field: 'mountpoint', title: 'MOUNTPOINT' },
    { field: 'source', title: 'SOURCE' },
  ],
  list: (guest, options) => {
    const pids = selectedPids(guest, options);
    const listings = (pids.length === 0 ? [INIT_PID] : pids).map((pid) => guest.linux.getMounts(pid));
    const rows = listings.flatMap((listing) =>
      listing.map(({ id, parent, root, mountpoint, fstype, source }) => {
        return { id, parent, root, mountpoint, fstype, source };
      }),
    );
    return { rows, skipped: listings.flatMap(({ skipped }) => skipped) };
  },
};
