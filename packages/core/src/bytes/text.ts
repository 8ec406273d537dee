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

/** Up to here, a name of ASCII is put together faster than it is cut out and decoded. */
const SHORT = 32;

/**
 * The text of a C string in a buffer of fixed size: up to the first NUL, or all of it.
 *
 * `start` and `end` bound the buffer within `bytes`. Without them the buffer is all of `bytes`.
 *
 * @example
 * ```ts
 * decodeCString(Uint8Array.of(0x73, 0x68, 0, 0x78)) // => 'sh'
 * decodeCString(Uint8Array.of(0x73, 0x68, 0, 0x78), 1, 2) // => 'h'
 * ```
 */
export function decodeCString(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let at = start; at < end && at - start < SHORT; at += 1) {
    const byte = bytes[at] as number;
    if (byte === 0) return text;
    if (byte >= 0x80) break;
    text += String.fromCharCode(byte);
  }
  if (text.length === end - start) return text;
  const buffer = bytes.subarray(start, end);
  const nul = buffer.indexOf(0);
  return decodeText(nul < 0 ? buffer : buffer.subarray(0, nul));
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
  // No sequence of UTF-8 goes on over a NUL, so that the text splits as its bytes do.
  const text = decodeText(bytes);
  return splitAtNul(bytes[bytes.length - 1] === 0 ? text.slice(0, -1) : text);
}

/** The result of `split`, at half its price for texts that were just decoded. */
function splitAtNul(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let end = text.indexOf('\0'); end >= 0; end = text.indexOf('\0', start)) {
    parts.push(text.slice(start, end));
    start = end + 1;
  }
  parts.push(text.slice(start));
  return parts;
}

/** Text of ASCII without anything to escape: almost all names, recognised several times faster than searched. */
const PLAIN = /^[ -[\]-~]*$/;

/**
 * Text that is safe to print on a terminal: control characters, bidirectional marks, characters without a shape (of zero
 * width, tags) and backslashes are escaped.
 *
 * @example
 * ```ts
 * escapeControls('a\x1b[31m\n') // => 'a\\x1b[31m\\n'
 * escapeControls('a\u200bb') // => 'a\\u200bb'
 * ```
 */
export function escapeControls(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(/[\\\p{Cc}\p{Cf}\p{DI}\u2028\u2029]/gu, escapeOne);
}

/**
 * Lines of text that are safe to print on a terminal: as {@link escapeControls}, but newlines, tabs and backslashes
 * stay.
 *
 * @example
 * ```ts
 * escapeLines('C:\\x\n\x1b[2J') // => 'C:\\x\n\\x1b[2J'
 * ```
 */
export function escapeLines(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\p{Cf}\p{DI}\u2028\u2029]/gu, escapeOne);
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOne(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xffff) return `\\u{${hex(code, 5)}}`;
  return NAMED[character] ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
