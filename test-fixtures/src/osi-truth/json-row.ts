import { formatAddress } from '@osi-linux/core';
import type { Row } from '../truth/internal/difference';

const COUNTS: ReadonlySet<string> = new Set(['createTime', 'offset']);
const ADDRESSES: ReadonlySet<string> = new Set(['asid']);

/** A row of the API in the form that the command line's JSON has and the comparisons read. */
export function jsonRow(row: object): Row {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => {
      if (typeof value === 'bigint') return [field, COUNTS.has(field) ? Number(value) : formatAddress(value)];
      return [field, typeof value === 'number' && ADDRESSES.has(field) ? formatAddress(value) : value];
    }),
  );
}
