import { OsiError } from '@osi-linux/core';
import { zlibSync } from 'fflate';
import { writeElf } from '../formats/elf/write-elf';
import { writeKdump } from '../formats/kdump/write-kdump';
import { writeLime } from '../formats/lime/write-lime';
import { writeRaw } from '../formats/raw/write-raw';
import type { ByteSink } from './byte-sink';
import type { DumpContent } from './dump-content';

/** A format that is written. Only `kdump` and `elf` carry registers, VMCOREINFO and the profile. */
export type WrittenFormat = 'kdump' | 'elf' | 'raw' | 'lime';

/** How to write a dump. */
export interface WriteDumpOptions {
  /** The format. */
  readonly format: WrittenFormat;
  /** Compresses a page into a zlib stream (RFC 1950), for `kdump`; plain JavaScript unless given. */
  readonly deflate?: ((page: Uint8Array) => Uint8Array) | undefined;
  /** Called now and then with how many pages were written, and how many there are. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
}

/**
 * Writes a dump, page by page; returns its bytes in all.
 *
 * A missing page is a hole in a `kdump`, `elf` or `lime`, and zeros in a `raw`.
 *
 * @throws OsiError `EXPORT_IMPOSSIBLE` where there is no page, or the format cannot hold so high an address; why a page
 * cannot be read, or the sink not be written to.
 *
 * @example
 * ```ts
 * const { memory } = openDump(new BytesSource(new Uint8Array(65536).fill(7)));
 * const sink = new BytesSink();
 * const frames = findPresentFrames(memory);
 * writeDump(sink, { memory, frames, cpus: [], profile: '[a]\n' }, { format: 'elf' }) === sink.bytes.length // => true
 * const again = openDump(new BytesSource(sink.bytes), { format: 'elf' });
 * [again.memory.ranges, again.profile] // => [[{ start: 0, end: 65536 }], '[a]\n']
 * writeDump(sink, { memory, frames: new FrameSet(), cpus: [] }, { format: 'raw' }) // throws EXPORT_IMPOSSIBLE
 * ```
 */
export function writeDump(sink: ByteSink, content: DumpContent, options: WriteDumpOptions): number {
  if (content.frames.size === 0) {
    throw new OsiError('EXPORT_IMPOSSIBLE', 'there is no page to write', {
      hint: 'give a dump that contains memory',
    });
  }
  const onProgress = options.onProgress ?? (() => undefined);
  switch (options.format) {
    case 'elf':
      return writeElf(sink, content, onProgress);
    case 'kdump':
      return writeKdump(sink, content, options.deflate ?? ((page) => zlibSync(page)), onProgress);
    case 'lime':
      return writeLime(sink, content, onProgress);
    case 'raw':
      return writeRaw(sink, content, onProgress);
  }
}
