/** The name of a command, for messages. */
export function commandOf(text: string): string {
  return /^[A-Za-z]+/.exec(text)?.[0] ?? text.slice(0, 8);
}

/** The number of a thread: `1`, or `p1.1` of a stub that distinguishes processes. */
export function threadNumber(text: string): number | undefined {
  const digits = /^(?:p[0-9a-f]+\.)?([0-9a-f]{1,8})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** Bytes from their hex digits; `undefined` for any other text. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1)
    bytes[at] = Number.parseInt(text.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

/** The value of bytes, the lowest first. */
export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
