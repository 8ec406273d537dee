import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** The parts of a guest's memory, and their places in a dump. */
export interface Segment {
  readonly offset: number;
  readonly physical: number;
  readonly bytes: number;
}

const PT_LOAD = 1;
const CHUNK = 1 << 20;
const FOUR_GIB = 2 ** 32;

/**
 * Writes the raw file of a guest with RAM above 4 GiB: its segments at their physical addresses, holes between them.
 *
 * Returns whether the guest is one, and else writes nothing: QEMU itself saves memory below 4 GiB.
 */
export function writePaddedRaw(elf: string, raw: string): boolean {
  const input = openSync(elf, 'r');
  try {
    const segments = readSegments(input);
    const end = Math.max(...segments.map(({ physical, bytes }) => physical + bytes));
    if (end <= FOUR_GIB) return false;
    const output = openSync(raw, 'w');
    try {
      ftruncateSync(output, end);
      for (const segment of segments) copySegment(input, output, segment);
    } finally {
      closeSync(output);
    }
    return true;
  } finally {
    closeSync(input);
  }
}

/** The loadable segments of an ELF core (System V gABI, chapter 5, "Program Header"). */
export function readSegments(input: number): Segment[] {
  const header = readBytes(input, 0, 64);
  const is64Bit = header[4] === 2;
  const word = (from: Buffer, at: number) =>
    is64Bit ? Number(from.readBigUInt64LE(at)) : from.readUInt32LE(at);
  const size = header.readUInt16LE(is64Bit ? 54 : 42);
  const count = header.readUInt16LE(is64Bit ? 56 : 44);
  const table = readBytes(input, word(header, is64Bit ? 32 : 28), size * count);
  const segments: Segment[] = [];
  for (let at = 0; at < table.length; at += size) {
    const entry = table.subarray(at, at + size);
    if (entry.readUInt32LE(0) !== PT_LOAD) continue;
    segments.push({
      offset: word(entry, is64Bit ? 8 : 4),
      physical: word(entry, is64Bit ? 24 : 12),
      bytes: word(entry, is64Bit ? 32 : 16),
    });
  }
  return segments;
}

function copySegment(input: number, output: number, { offset, physical, bytes }: Segment): void {
  for (let done = 0; done < bytes; done += CHUNK) {
    const chunk = readBytes(input, offset + done, Math.min(CHUNK, bytes - done));
    writeSync(output, chunk, 0, chunk.length, physical + done);
  }
}

/** Bytes of a file, all of them. */
export function readBytes(input: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (readSync(input, bytes, 0, length, position) !== length) {
    throw new RangeError(`the dump ends before ${position + length} bytes`);
  }
  return bytes;
}
