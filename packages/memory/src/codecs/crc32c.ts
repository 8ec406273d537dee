// The reflected Castagnoli polynomial (RFC 3720, section 12.1).
const POLYNOMIAL = 0x82f63b78;

let known: Uint32Array | undefined;

/** Made where it is first needed: few dumps are packed with snappy. */
function remainders(): Uint32Array {
  known ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    return value;
  });
  return known;
}

/** CRC-32C of bytes, masked as snappy's framing stores it (google/snappy, framing_format.txt, section 3). */
export function maskedCrc32c(bytes: Uint8Array): number {
  const table = remainders();
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) {
    crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
