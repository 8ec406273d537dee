const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/**
 * Bytes as text: UTF-8, each invalid sequence as U+FFFD.
 *
 * @example
 * ```ts
 * decodeText(Uint8Array.of(0x69, 0xff)) // => 'i\uFFFD'
 * ```
 */
export function decodeText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/**
 * The text of a C string in a buffer of fixed size: up to the first NUL, or all of it.
 *
 * @example
 * ```ts
 * decodeCString(Uint8Array.of(0x73, 0x68, 0, 0x78)) // => 'sh'
 * ```
 */
export function decodeCString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * The strings of an argument or environment block: split at NUL, one final NUL dropped, empty strings kept.
 *
 * @example
 * ```ts
 * decodeStringList(new TextEncoder().encode('sh\0\0-c\0')) // => ['sh', '', '-c']
 * ```
 */
export function decodeStringList(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  const body = bytes[bytes.length - 1] === 0 ? bytes.subarray(0, bytes.length - 1) : bytes;
  return splitAtNul(body).map(decodeText);
}

function splitAtNul(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  parts.push(bytes.subarray(start));
  return parts;
}

/**
 * Text that is safe to print on a terminal: control characters, bidirectional marks and backslashes are escaped.
 *
 * @example
 * ```ts
 * escapeControls('a\x1b[31m\n') // => 'a\\x1b[31m\\n'
 * ```
 */
export function escapeControls(text: string): string {
  return text.replace(/[\\\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, escapeOne);
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOne(character: string): string {
  const code = character.charCodeAt(0);
  return NAMED[character] ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
