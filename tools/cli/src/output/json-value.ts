import { formatAddress } from '@osi-linux/core';

/** A value of the command line's JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** One row of a listing, its fields by their JSON names. */
export type JsonRow = Readonly<Record<string, JsonValue>>;

/** An address, or what does not exist or could not be read. */
export function jsonAddress(value: bigint | number | null): string | null {
  return value === null ? null : formatAddress(value);
}

/** A count, an offset or a time: a number while it is exact, a decimal string above 2^53-1. */
export function jsonCount(value: bigint | number | null): string | number | null {
  if (value === null) return null;
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
}
