/** The 32 bytes before a range of LiME and AVML; `last` is the address of its last byte. */
export function rangeHeader(
  magic: 'EMiL' | 'AVML',
  version: number,
  start: number,
  last: number,
): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (const [index, character] of [...magic].entries()) bytes[index] = character.charCodeAt(0);
  view.setUint32(4, version, true);
  view.setBigUint64(8, BigInt(start), true);
  view.setBigUint64(16, BigInt(last), true);
  return bytes;
}

/** Byte strings one after the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
