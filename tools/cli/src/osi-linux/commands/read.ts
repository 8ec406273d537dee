import { formatAddress, formatHex, type ReadHole, readPartial, type VirtualAddress } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import { type JsonRow, jsonAddress } from '../../output/json-value';
import { selectAddressSpace } from '../address-space';
import type { ListingOptions } from '../command';

/** The answer of `osi-linux read`. */
export interface ReadAnswer {
  readonly bytes: Uint8Array;
  readonly holes: readonly ReadHole[];
}

/** Reads virtual memory; missing bytes are zero in `bytes` and listed in `holes`. */
export function read(
  guest: Guest,
  address: VirtualAddress,
  length: number,
  options: ListingOptions,
): ReadAnswer {
  return readPartial(selectAddressSpace(guest, options), address, length);
}

/** The answer as the JSON has it. */
export function readRow(address: VirtualAddress, { bytes, holes }: ReadAnswer): JsonRow {
  return {
    virtual: formatAddress(address),
    bytes: formatHex(bytes),
    holes: holes.map(({ at, length, reason }) => ({ at: jsonAddress(at), length, reason: reason.message })),
  };
}

const LINE = 16;

/** The answer for people: a hex dump, sixteen bytes a line, `--` where a byte is missing. */
export function formatHexDump(address: VirtualAddress, { bytes, holes }: ReadAnswer): string {
  const missing = new Uint8Array(bytes.length);
  for (const { at, length } of holes) {
    const start = Number(BigInt.asUintN(64, at - address));
    missing.fill(1, start, start + length);
  }
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += LINE) {
    const here = Array.from(bytes.subarray(start, start + LINE), (byte, index) => ({
      byte,
      absent: missing[start + index],
    }));
    const hex = here
      .map(({ byte, absent }) => (absent ? '--' : byte.toString(16).padStart(2, '0')))
      .join(' ');
    const text = here.map(({ byte, absent }) =>
      !absent && byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    lines.push(
      `${formatAddress(BigInt.asUintN(64, address + BigInt(start)))}  ${hex.padEnd(LINE * 3 - 1)}  ${text.join('')}`,
    );
  }
  return lines.join('\n');
}
