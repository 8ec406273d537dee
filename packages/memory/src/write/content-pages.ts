import { PAGE_SIZE, type PhysicalMemory, type PhysicalRange } from '@osi-linux/core';

const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of a run of pages, in chunks of whole pages; each chunk is valid until the next one is asked for.
 *
 * @throws OsiError why a page is missing.
 */
export function* eachChunk(memory: PhysicalMemory, { start, end }: PhysicalRange): Generator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end - start));
  for (let at = start; at < end; at += buffer.length) {
    const chunk = buffer.subarray(0, Math.min(buffer.length, end - at));
    const got = memory.scan(at, chunk);
    if (got < chunk.length) throw memory.hole(Math.floor((at + got) / PAGE_SIZE));
    yield chunk;
  }
}
