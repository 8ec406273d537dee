import { formatAddress, type VirtualAddress } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import { formatByteSize } from '../../output/byte-size';
import type { JsonRow } from '../../output/json-value';
import { jsonAddress, jsonCount } from '../../output/json-value';
import { selectAddressSpace } from '../address-space';
import type { ListingOptions } from '../command';

/** The answer of `osi-linux translate`; `missing` if the dump lacks the table that would decide it. */
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
    missing: fault === 'table-missing' ? 'a page table that is needed is not in the dump' : undefined,
  };
}

type FaultedWalk = Exclude<ReturnType<Guest['memory']['walk']>, { readonly fault?: undefined }>;

/**
 * The contents of the entry for Linux: `detail` names them, and the place of the page is beside them if the
 * entry contains it.
 */
function describe({ kind, meaning, physical, swap }: NonNullable<FaultedWalk['nonPresent']>): JsonRow {
  return {
    detail: kind,
    meaning,
    ...(physical !== undefined && { residentAt: jsonAddress(physical) }),
    ...(swap !== undefined && { swapType: swap.type, swapOffset: swap.offset }),
  };
}

/** The translation for people: one page table entry per line, then the page or the fault. */
export function formatTranslation(row: JsonRow): string {
  const entries = (row['entries'] as readonly JsonRow[]).map(
    ({ level, entryAddress, entry }) => `${String(level).padEnd(6)} at physical ${entryAddress}: ${entry}`,
  );
  const end =
    row['fault'] === undefined
      ? `physical ${row['physical']}, in a page of ${formatByteSize(BigInt(row['pageSize'] as number))}`
      : faultText(row);
  return [`virtual ${row['virtual']}`, ...entries, end].join('\n');
}

/** `PML4E` is the PML4 entry. */
function entryName(level: unknown): string {
  return `${String(level).slice(0, -1)} entry`;
}

function faultText(row: JsonRow): string {
  const size = formatByteSize(BigInt(row['holeBytes'] as string | number));
  const entry = entryName(row['level']);
  if (row['fault'] === 'non-canonical') return `not a canonical address; nor is any in the next ${size}`;
  if (row['fault'] === 'reserved-bit') return `reserved bit set in the ${entry}; it covers the next ${size}`;
  if (row['fault'] === 'table-missing')
    return `page table of the ${entry} not in the dump; it covers the next ${size}`;
  if (row['detail'] === 'unmapped')
    return `not mapped (empty ${entry}); nothing is mapped for the next ${size}`;
  const meaning = row['meaning'] === undefined ? '' : `: ${row['meaning']}`;
  return `not present (${entry}${meaning}); the entry covers the next ${size}`;
}
