/** A Zstandard frame (RFC 8878) of raw blocks and, for a run of one byte, an RLE block; up to 65,791 bytes. */
export function zstdFrame(bytes: Uint8Array): Uint8Array {
  // A single segment, whose size is in 2 bytes, less 256.
  const size = bytes.length - 256;
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x60, size & 0xff, size >> 8];
  const [first] = bytes;
  const uniform = bytes.every((byte) => byte === first);
  // The last block has its lowest bit set; its kind is 0 for raw and 1 for RLE.
  const block = bytes.length * 8 + (uniform ? 2 : 0) + 1;
  const header = [block & 0xff, (block >> 8) & 0xff, block >> 16];
  return Uint8Array.from([...head, ...header, ...(uniform ? [first ?? 0] : bytes)]);
}
