import { formatAddress, type VirtualAddress } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import type { JsonRow } from '../../output/json-value';
import { jsonAddress, jsonCount } from '../../output/json-value';
import { selectAddressSpace } from '../address-space';
import type { ListingOptions } from '../command';

/** What `osi-linux translate` answers; `missing` where the dump lacks what would decide it. */
export interface Translation {
  readonly row: JsonRow;
  readonly missing: string | undefined;
}

/** Walks the page tables to an address, and shows every entry on the way. */
export function translate(guest: Guest, address: VirtualAddress, options: ListingOptions): Translation {
  const walk = selectAddressSpace(guest, options).walk(address);
  const entries = walk.entries.map(({ level, entryAddress, entry }) => ({
    level,
    entryAddress: jsonAddress(entryAddress),
    entry: jsonAddress(entry),
  }));
  const virtual = formatAddress(address);
  if (walk.fault === undefined) {
    return {
      row: { virtual, physical: jsonAddress(walk.physical), pageSize: walk.pageSize, entries },
      missing: undefined,
    };
  }
  const { fault, level, unmappedBytes, nonPresent } = walk;
  const row = {
    virtual,
    fault,
    level: level ?? null,
    holeBytes: jsonCount(unmappedBytes),
    ...(nonPresent && describe(nonPresent)),
    entries,
  };
  return {
    row,
    missing: fault === 'table-missing' ? 'a page table on the way is not in the dump' : undefined,
  };
}

type FaultedWalk = Exclude<ReturnType<Guest['memory']['walk']>, { readonly fault?: undefined }>;

/** What Linux keeps in the entry: `detail` names it, and where the page is stands beside it if the entry tells. */
function describe({ kind, meaning, physical, swap }: NonNullable<FaultedWalk['nonPresent']>): JsonRow {
  return {
    detail: kind,
    meaning,
    ...(physical !== undefined && { residentAt: jsonAddress(physical) }),
    ...(swap !== undefined && { swapType: swap.type, swapOffset: swap.offset }),
  };
}

/** The translation for people: an entry a line, then the page or the fault. */
export function formatTranslation(row: JsonRow): string {
  const entries = (row['entries'] as readonly JsonRow[]).map(
    ({ level, entryAddress, entry }) => `${String(level).padEnd(6)} at physical ${entryAddress}: ${entry}`,
  );
  const end =
    row['fault'] === undefined
      ? `physical ${row['physical']}, in a page of ${row['pageSize']} bytes`
      : `${faultOf(row)}; the hole goes on for ${row['holeBytes']} bytes`;
  return [`virtual ${row['virtual']}`, ...entries, end].join('\n');
}

function faultOf(row: JsonRow): string {
  const fault = `${row['fault']} at ${row['level'] ?? 'no level'}`;
  return row['meaning'] === undefined ? fault : `${fault}, ${row['meaning']}`;
}
