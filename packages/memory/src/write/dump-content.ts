import { type Cpu, formatAddress, OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import { FrameSet } from './frame-set';

/** The contents of a dump to write. */
export interface DumpContent {
  /** The guest's memory; its ranges are the RAM. */
  readonly memory: PhysicalMemory;
  /** The frames that are written; each must be in {@link memory}. */
  readonly frames: FrameSet;
  /** The processors whose registers are carried along. */
  readonly cpus: readonly Cpu[];
  /** The machine, where it is known. */
  readonly machine?: 'x86_64' | 'i386' | undefined;
  /** The text of the kernel's VMCOREINFO note, where there is one. */
  readonly vmcoreinfo?: string | undefined;
  /** The section of `kernelinfo.conf` that is to lie in the dump, with its header. */
  readonly profile?: string | undefined;
  /** The kernel's own name; other programs want it in a kdump. */
  readonly uname?:
    | {
        /** Release: `6.1.0-37-amd64`. */
        readonly release: string;
        /** Version: `#1 SMP ...`. */
        readonly version: string;
        /** Machine: `x86_64`. */
        readonly machine: string;
      }
    | undefined;
}

const CHUNK_BYTES = 1024 * 1024;

/** Pages that a range lacks are looked for one by one: 16 GiB of them, and 64 for each page that is there. */
const MISSING_AT_LEAST = 2 ** 22;
const MISSING_FOR_EACH = 64;

/**
 * All frames that a memory really has, found by reading it once.
 *
 * `onProgress` is called now and then with how many bytes of the ranges were read, and how many there are.
 *
 * @throws OsiError `EXPORT_IMPOSSIBLE` where the ranges consist of holes.
 *
 * @example
 * ```ts
 * const { memory } = openDump(new BytesSource(new Uint8Array(65536)));
 * findPresentFrames(memory).size // => 16
 * ```
 */
export function findPresentFrames(
  memory: PhysicalMemory,
  onProgress?: (done: number, all: number) => void,
): FrameSet {
  const frames = new FrameSet();
  const chunk = new Uint8Array(CHUNK_BYTES);
  const all = memory.ranges.reduce((sum, { start, end }) => sum + (end - start), 0);
  let [done, missing] = [0, 0];
  for (const { start, end } of memory.ranges) {
    for (let at = start; at < end; ) {
      const got = memory.scan(at, chunk.subarray(0, Math.min(chunk.length, end - at)));
      const pages = Math.floor(got / PAGE_SIZE);
      for (let page = 0; page < pages; page += 1) frames.add(at / PAGE_SIZE + page);
      if (pages === 0) missing += 1;
      if (missing > MISSING_AT_LEAST + MISSING_FOR_EACH * frames.size) throw holesOnly(at, missing);
      at += Math.max(pages, 1) * PAGE_SIZE;
      onProgress?.(done + at - start, all);
    }
    done += end - start;
  }
  return frames;
}

function holesOnly(at: number, missing: number): OsiError {
  const message = `${missing} pages below ${formatAddress(at)} are missing from the ranges of the dump`;
  return new OsiError('EXPORT_IMPOSSIBLE', message, {
    hint: 'write only the pages that the listings need: --touched',
    fields: { physicalAddress: at },
  });
}
