import { PAGE_SIZE } from '@osi-linux/core';

/** A run of guest-physical memory for a dump. */
export interface CoreSegment {
  /** Physical address of the first byte. */
  readonly physical: number;
  /** The part of it that the dump holds. */
  readonly bytes: Uint8Array;
  /** `p_memsz`, where it is more than the bytes. */
  readonly memorySize?: number;
}

/** Segments of single pages by frame number, neighbours put together; ascending. */
export function segmentsOfPages(pages: Iterable<readonly [frame: number, bytes: Uint8Array]>): CoreSegment[] {
  const sorted = [...pages].sort(([a], [b]) => a - b);
  const runs: [first: number, pages: Uint8Array[]][] = [];
  for (const [frame, bytes] of sorted) {
    if (bytes.length !== PAGE_SIZE) throw new RangeError(`frame ${frame} has ${bytes.length} bytes`);
    const run = runs[runs.length - 1];
    if (run !== undefined && run[0] + run[1].length === frame) run[1].push(bytes);
    else runs.push([frame, [bytes]]);
  }
  return runs.map(([first, parts]) => ({ physical: first * PAGE_SIZE, bytes: joinPages(parts) }));
}

function joinPages(pages: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pages.length * PAGE_SIZE);
  for (const [index, page] of pages.entries()) joined.set(page, index * PAGE_SIZE);
  return joined;
}
