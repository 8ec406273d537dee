import type { SchemaRow } from '../schema/schema';

const WORD_END = 1n << 64n;
const INT_END = 1n << 31n;

/** A number as a section has it, or its fault; with a note if PANDA would read it otherwise. */
export type NumberValue =
  | { readonly value: bigint | undefined; readonly note?: string }
  | { readonly expected: string; readonly hint?: string };

/**
 * Reads the value of an address, offset, size or constant more leniently than GLib: also hex, also with a comment
 * behind it.
 */
export function parseNumberValue(text: string, row: SchemaRow): NumberValue {
  if (text.trim() === '')
    return { value: undefined, note: 'is empty, which PANDA does not read; it counts as absent' };
  const [, sign = '', digits = '', rest = ''] = /^([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)(.*)$/s.exec(text) ?? [];
  // 64 bits are 20 digits; leading zeros are few. BigInt is slow on the digits that a hostile file could
  // hold.
  if (digits === '' || digits.length > 40) return { expected: 'a number' };
  const tail = readTail(rest, row);
  if (tail === undefined) return { expected: 'a number with nothing after it' };
  const magnitude = BigInt(digits);
  const value = sign === '-' ? -magnitude : magnitude;
  if (value === -1n && row.kind !== 'constant') {
    return { value: undefined, note: 'is -1 and counts as absent' };
  }
  const hex = /^0x/i.test(digits) ? 'is hex, which PANDA does not read' : undefined;
  return inRange(value, row, hex ?? tail.note);
}

/**
 * The text that may stand behind a number: GLib takes any text after a blank for an int, nothing at all for
 * an address.
 */
function readTail(rest: string, row: SchemaRow): { readonly note: string | undefined } | undefined {
  if (rest === '') return { note: undefined };
  if (!/^[ \t\f\r]/.test(rest)) return undefined;
  const isAddress = row.kind === 'address';
  if (rest.trim() === '') {
    return { note: isAddress ? 'has blanks after it, which PANDA does not read' : undefined };
  }
  const note = 'has text after it, which is ignored';
  if (!isAddress) return { note };
  return /^\s+[#;]/.test(rest) ? { note: 'has a comment after it, which PANDA does not read' } : undefined;
}

function inRange(value: bigint, row: SchemaRow, note: string | undefined): NumberValue {
  const noted = note === undefined ? {} : { note };
  if (row.kind === 'address') {
    if (value < -(WORD_END >> 1n) || value >= WORD_END) return { expected: 'an address of at most 64 bits' };
    if (value >= 0n) return { value, ...noted };
    return { value: BigInt.asUintN(64, value), note: 'is negative and was wrapped to 64 bits' };
  }
  if (row.kind === 'constant') {
    const exact = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
    return exact ? { value, ...noted } : { expected: 'a number of at most 53 bits' };
  }
  if (row.kind === 'size' && value <= 0n) return { expected: 'a size above 0' };
  if (row.kind === 'offset' && value < 0n && row.signed !== true)
    return { expected: 'an offset of 0 or more' };
  return value < INT_END && value >= -INT_END
    ? { value, ...noted }
    : { expected: 'a number of at most 32 bits' };
}
