import { attempt } from '@osi-linux/core';
import { type Guest, readLogByVmcoreinfo } from '@osi-linux/guest';
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
  list: (guest) => answerOf(readLog(guest)),
  listWithoutProfile: (dump) => answerOf(readLogByVmcoreinfo(dump)),
};

/** A section without keys of the log, as PANDA's, leaves it to the kernel's own VMCOREINFO. */
function readLog({ linux, dump }: Guest): ReturnType<typeof readLogByVmcoreinfo> {
  const { info } = linux.kernel;
  if (info['log.prb_addr'] !== undefined || info['log.log_buf_addr'] !== undefined) return linux.getLog();
  return attempt(
    () => readLogByVmcoreinfo(dump),
    () => linux.getLog(),
  );
}

function answerOf(listing: ReturnType<typeof readLogByVmcoreinfo>): ListingAnswer {
  const rows = listing.map(({ time, level, text }) => ({ time, level, text }));
  return { rows, skipped: listing.skipped };
}
