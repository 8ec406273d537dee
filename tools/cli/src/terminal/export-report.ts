import type { Io } from './io';

const EVERY = 200;

/**
 * Shows on a terminal how many pages of a dump were written; `undefined` if standard error is not a terminal.
 */
export function createExportReport(io: Io): ((done: number, all: number) => void) | undefined {
  if (!io.colour) return undefined;
  let last = 0;
  return (done, all) => {
    const now = performance.now();
    if (done < all && now - last < EVERY) return;
    last = now;
    io.err(done < all ? `\r${Math.floor((done / all) * 100)} % of ${all} pages` : '\r\x1b[K');
  };
}
