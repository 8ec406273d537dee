import { formatAddress } from '../address/address';
import { OsiError } from './osi-error';

/** The fields of rows that have an address or the kernel's own bits, which JSON shows as hex; all others are counts. */
const HEX_FIELDS: ReadonlySet<string> = new Set(['taskd', 'pgd', 'asid', 'modd', 'base', 'flags']);

/**
 * A row, or a list of rows, as JSON has it, which has no bigint: as `osi-linux` prints it.
 *
 * Addresses, `asid` and `flags` become texts of lower-case hex with `0x`, counts become numbers, and decimal texts if they
 * are not exact as a number. `JSON.stringify` calls it for every `Listing`; call it for a single row.
 *
 * @example
 * ```ts
 * toJson({ taskd: 0xffff888000000000n, createTime: 7n, name: 'init' })
 * // => { taskd: '0xffff888000000000', createTime: 7, name: 'init' }
 * toJson([{ pos: 2n ** 60n }]) // => [{ pos: '1152921504606846976' }]
 * ```
 */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return countOf(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (OsiError.is(value)) return { code: value.code, message: value.message, hint: value.hint ?? null };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, part]: [string, unknown]) => {
      const isHex = HEX_FIELDS.has(field) && (typeof part === 'bigint' || typeof part === 'number');
      return [field, isHex ? formatAddress(part) : toJson(part)];
    }),
  );
}

function countOf(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
