import { decodeEscapes } from './string-value';

const WORD_MAX = (1n << 64n) - 1n;
/**
 * More digits than any 64-bit number has: GLib saturates there, and BigInt is slow on the digits that a
 * hostile file could hold.
 */
const DIGITS_MAX = 20;

/** The result of a typed getter of GLib, or its complaint. */
export type GlibValue<Value> = { readonly value: Value } | { readonly complaint: string };

/**
 * Reads a value as `g_key_file_get_integer` does (GLib 2.74, `g_key_file_parse_value_as_integer`): `strtol` in base
 * 10, then the end or a blank with any text behind it; it must fit an `int`.
 */
export function readGlibInteger(text: string): GlibValue<number> {
  // Before the number a vertical tab is a blank as well, behind it not.
  const [, sign = '', digits = '', rest = ''] = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)(.*)$/s.exec(text) ?? [];
  if (digits === '' || (rest !== '' && !/^[ \t\n\f\r]/.test(rest)))
    return { complaint: 'not a decimal number' };
  const significant = digits.replace(/^0+/, '');
  const magnitude = significant.length > DIGITS_MAX ? Number.POSITIVE_INFINITY : Number(significant);
  const value = sign === '-' && magnitude !== 0 ? -magnitude : magnitude;
  if (value > 0x7fffffff || value < -0x80000000) return { complaint: 'out of the range of 32 bits' };
  return { value };
}

/**
 * Reads a value as `g_key_file_get_uint64` does: `g_ascii_strtoull` in base 10 and nothing behind it. A negative
 * number wraps to 64 bits, a number that does not fit becomes the largest.
 */
export function readGlibUint64(text: string): GlibValue<bigint> {
  const [, sign = '', digits = ''] = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(text) ?? [];
  if (digits === '') return { complaint: 'not a decimal number alone' };
  const significant = digits.replace(/^0+/, '');
  const magnitude = significant.length > DIGITS_MAX ? WORD_MAX + 1n : BigInt(significant || '0');
  if (magnitude > WORD_MAX) return { value: WORD_MAX };
  return { value: sign === '-' ? BigInt.asUintN(64, -magnitude) : magnitude };
}

/** Reads a value as `g_key_file_get_string` does: UTF-8 alone, with the escapes `\s \n \t \r \\` decoded. */
export function readGlibString(text: string, notUtf8: boolean): GlibValue<string> {
  if (notUtf8) return { complaint: 'not UTF-8' };
  const decoded = decodeEscapes(text);
  return typeof decoded === 'string' ? { value: decoded } : { complaint: `the escape "${decoded.escape}"` };
}
