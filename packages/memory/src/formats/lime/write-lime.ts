import { PAGE_SIZE } from '@osi-linux/core';
import type { ByteSink } from '../../write/byte-sink';
import { eachChunk } from '../../write/content-pages';
import type { DumpContent } from '../../write/dump-content';
import { SinkCursor } from '../../write/sink-cursor';

const MAGIC = 0x4c694d45;
const VERSION = 1;
const HEADER_BYTES = 32;

/** Writes LiME's `format=lime`, version 1 (504ensicsLabs/LiME, src/lime.h): a header before each run, its end inclusive. */
export function writeLime(
  sink: ByteSink,
  { memory, frames }: DumpContent,
  onProgress: (done: number, all: number) => void,
): number {
  const cursor = new SinkCursor(sink);
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, VERSION, true);
  let done = 0;
  for (const run of frames.runs()) {
    header.setBigUint64(8, BigInt(run.start), true);
    header.setBigUint64(16, BigInt(run.end - 1), true);
    cursor.put(new Uint8Array(header.buffer));
    for (const chunk of eachChunk(memory, run)) {
      cursor.put(chunk);
      done += chunk.length / PAGE_SIZE;
      onProgress(done, frames.size);
    }
  }
  cursor.flush();
  return cursor.position;
}
