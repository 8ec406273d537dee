/**
 * Bytes as lower-case hex, two digits each, nothing between.
 *
 * @example
 * ```ts
 * formatHex(Uint8Array.of(0xde, 0x0a)) // => 'de0a'
 * ```
 */
export function formatHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
