import { OsiError } from '../errors/osi-error';

/** A virtual address, or any raw 64-bit word of the kernel: 0 to 2^64-1. */
export type VirtualAddress = bigint;

/** A guest-physical address in bytes. x86 has at most 52 physical bits, so a double holds it exactly. */
export type PhysicalAddress = number;

/** Bytes of a page of x86, and of a page frame everywhere in these packages. */
export const PAGE_SIZE = 4096;

/**
 * Prints an address as the command line's JSON does: lower-case hex with `0x` and no padding.
 *
 * @example
 * ```ts
 * formatAddress(0xffffffff82613780n) // => '0xffffffff82613780'
 * formatAddress(4096) // => '0x1000'
 * ```
 */
export function formatAddress(address: VirtualAddress | PhysicalAddress): string {
  return `0x${address.toString(16)}`;
}

/**
 * Reads an address as people type it: hex with `0x`, or decimal.
 *
 * @throws OsiError `ADDRESS_MALFORMED` for anything else, and above 2^64-1.
 *
 * @example
 * ```ts
 * parseAddress('0xFFFF888000000000') // => 0xffff888000000000n
 * parseAddress('4096') // => 4096n
 * ```
 */
export function parseAddress(text: string): VirtualAddress {
  const value = /^(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value > 0xffffffffffffffffn) {
    throw new OsiError('ADDRESS_MALFORMED', `not an address: "${text}"`, {
      hint: 'an address is hex with 0x (0xffffffff81000000) or decimal, at most 64 bits',
      fields: { text },
    });
  }
  return value;
}

/**
 * An address plus a signed offset, wrapped to 64 bits as the kernel's own pointer arithmetic wraps.
 *
 * @example
 * ```ts
 * offsetAddress(0xffff888000000010n, -16) // => 0xffff888000000000n
 * ```
 */
export function offsetAddress(address: VirtualAddress, offset: number): VirtualAddress {
  return BigInt.asUintN(64, address + BigInt(offset));
}
