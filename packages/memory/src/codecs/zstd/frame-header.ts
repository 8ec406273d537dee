import { PackingDamage } from '../packing-damage';
import { littleEndian } from './padded-bytes';

/** The first four bytes of a frame. */
const MAGIC = 0xfd2fb528;
/** The most that a header has. */
export const LONGEST_HEADER = 18;

/** The header of a frame (RFC 8878, 3.1.1.1). */
export interface FrameHeader {
  /** Bytes of the header. */
  readonly length: number;
  /** How far back its matches may reach, in bytes. */
  readonly window: number;
  /** The unpacked size in bytes; absent if the writer did not know it. */
  readonly size: number | undefined;
  /** Whether four bytes of checksum follow the last block. */
  readonly checksum: boolean;
}

/** The header at the start of bytes; `undefined` if it is longer than they are. @throws PackingDamage */
export function readFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  if (bytes.length < 5) return undefined;
  if (littleEndian(bytes, 0, 4) !== MAGIC) throw new PackingDamage('no frame begins at the expected place');
  const descriptor = bytes[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  if ((descriptor & 8) !== 0) throw new PackingDamage('a reserved bit is set');
  if ((descriptor & 3) !== 0) throw new PackingDamage('it needs a dictionary');
  const code = descriptor >> 6;
  const sizeBytes = code === 0 ? (single ? 1 : 0) : 1 << code;
  const length = (single ? 5 : 6) + sizeBytes;
  if (bytes.length < length) return undefined;
  const size =
    sizeBytes === 0 ? undefined : littleEndian(bytes, length - sizeBytes, sizeBytes) + (code === 1 ? 256 : 0);
  const window = single && size !== undefined ? size : windowOf(bytes[5] ?? 0);
  return { length, window, size, checksum: (descriptor & 4) !== 0 };
}

/** RFC 8878, 3.1.1.1.2. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
