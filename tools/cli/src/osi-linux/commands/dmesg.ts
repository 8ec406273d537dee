import { readLogByVmcoreinfo } from '@osi-linux/guest';
import type { ListingAnswer, ListingCommand } from '../command';

/** `osi-linux dmesg`: one row a record of the kernel log. */
export const dmesg: ListingCommand = {
  name: 'dmesg',
  summary: 'print the kernel log',
  columns: [
    { field: 'time', title: 'TIME', align: 'right' },
    { field: 'level', title: 'LEVEL', align: 'right' },
    { field: 'text', title: 'TEXT' },
  ],
  list: ({ linux }) => answerOf(linux.getLog()),
  listWithoutProfile: (dump) => answerOf(readLogByVmcoreinfo(dump)),
};

function answerOf(listing: ReturnType<typeof readLogByVmcoreinfo>): ListingAnswer {
  const rows = listing.map(({ time, level, text }) => ({ time, level, text }));
  return { rows, skipped: listing.skipped };
}
