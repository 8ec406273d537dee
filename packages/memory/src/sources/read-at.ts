import type { ByteSource } from './byte-source';

/** The bytes at a position: as many as asked for, fewer where the source ends. The caller bounds `length`. */
export function readAt(source: ByteSource, position: number, length: number): Uint8Array {
  const there = Math.max(0, Math.min(length, source.size - position));
  // Positions out of a dump may be beyond those that a source accepts.
  if (!(there > 0)) return new Uint8Array(0);
  const bytes = new Uint8Array(there);
  return bytes.subarray(0, source.read(position, bytes));
}
