/** Bytes of the guest as text. The truth has no decoder in common with the rows that it is compared with. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/**
 * Strings with a NUL after each, as `cmdline` and `environ` hold them; the last one may lack it.
 *
 * @example
 * ```ts
 * stringsOf(Uint8Array.of(0x61, 0, 0, 0x62)) // => ['a', '', 'b']
 * ```
 */
export function stringsOf(bytes: Uint8Array): string[] {
  return bytes.length === 0 ? [] : textOf(bytes).replace(/\0$/, '').split('\0');
}

/** The lines of a file, without the empty end behind the last newline. */
export function linesOf(bytes: Uint8Array): string[] {
  const lines = textOf(bytes).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A count as JSON has it: a number, or decimal digits beyond 2^53-1. */
export function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER)
    ? Number(value)
    : String(value);
}
