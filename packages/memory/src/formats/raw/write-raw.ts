import { PAGE_SIZE } from '@osi-linux/core';
import type { ByteSink } from '../../write/byte-sink';
import { eachChunk } from '../../write/content-pages';
import type { DumpContent } from '../../write/dump-content';
import { SinkCursor } from '../../write/sink-cursor';

/**
 * Writes a plain copy of memory: the physical address is the file offset, and missing pages stay unwritten.
 */
export function writeRaw(
  sink: ByteSink,
  { memory, frames }: DumpContent,
  onProgress: (done: number, all: number) => void,
): number {
  const cursor = new SinkCursor(sink);
  let done = 0;
  for (const run of frames.runs()) {
    cursor.seek(run.start);
    for (const chunk of eachChunk(memory, run)) {
      cursor.put(chunk);
      done += chunk.length / PAGE_SIZE;
      onProgress(done, frames.size);
    }
  }
  cursor.flush();
  return cursor.position;
}
