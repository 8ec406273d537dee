import type { ListingCommand } from '../command';

/** `osi-linux dmesg`: one row a record of the kernel log. */
export const dmesg: ListingCommand = {
  name: 'dmesg',
  summary: 'print the kernel log',
  columns: [
    { field: 'time', title: 'TIME', align: 'right' },
    { field: 'level', title: 'LEVEL', align: 'right' },
    { field: 'text', title: 'TEXT' },
  ],
  list: ({ linux }) => {
    const listing = linux.getLog();
    const rows = listing.map(({ time, level, text }) => ({ time, level, text }));
    return { rows, skipped: listing.skipped };
  },
};
