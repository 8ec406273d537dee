import { jsonAddress } from '../../output/json-value';
import type { ListingCommand } from '../command';

/** `osi-linux modules`: one row a loaded module. */
export const modules: ListingCommand = {
  name: 'modules',
  summary: 'list the loaded kernel modules',
  columns: [
    { field: 'name', title: 'NAME' },
    { field: 'base', title: 'BASE' },
    { field: 'size', title: 'SIZE', align: 'right' },
    { field: 'modd', title: 'MODD' },
  ],
  list: ({ linux }) => {
    const listing = linux.getModules();
    const rows = listing.map(({ name, base, size, modd }) => ({
      name,
      base: jsonAddress(base),
      size,
      modd: jsonAddress(modd),
    }));
    return { rows, skipped: listing.skipped };
  },
};
