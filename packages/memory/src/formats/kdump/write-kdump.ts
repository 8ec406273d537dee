import { formatAddress, OsiError, PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { ByteSink } from '../../write/byte-sink';
import { contentNotes } from '../../write/content-notes';
import { eachChunk } from '../../write/content-pages';
import type { DumpContent } from '../../write/dump-content';
import { SinkCursor } from '../../write/sink-cursor';
import { encodeKdumpHeaders, type KdumpShape } from './kdump-header-writer';

const DESCRIPTOR_SIZE = 24;
const FLAG_ZLIB = 1;
const FRAMES_OF_BLOCK = PAGE_SIZE * 8;
/** 2^46 bytes: readers of kdump files, ours too, accept addresses up to here. */
const MOST_FRAMES = 2 ** 34;

/**
 * Writes a compressed kdump (makedumpfile's diskdump_mod.h and IMPLEMENTATION), header version 6: the headers with the
 * notes, the bitmaps of all RAM and of the pages that are there, a descriptor for each of these, the pages.
 *
 * Pages of zeros share one block. RAM that is not written is marked as left out.
 *
 * @throws OsiError `EXPORT_IMPOSSIBLE` for addresses above 2^46.
 */
export function writeKdump(
  sink: ByteSink,
  content: DumpContent,
  deflate: (page: Uint8Array) => Uint8Array,
  onProgress: (done: number, all: number) => void,
): number {
  const { memory, frames } = content;
  const shape = shapeOf(content);
  sink.write(0, encodeKdumpHeaders(content, shape));
  const descriptorsAt = (1 + shape.subBlocks + shape.bitmapBlocks) * PAGE_SIZE;
  const bitmapAt = (1 + shape.subBlocks) * PAGE_SIZE;
  writeBitmap(sink, bitmapAt, memory.ranges);
  writeBitmap(sink, bitmapAt + (shape.bitmapBlocks / 2) * PAGE_SIZE, frames.runs());
  const writer = new PageWriter(sink, descriptorsAt, frames.size, deflate);
  for (const run of frames.runs()) {
    for (const chunk of eachChunk(memory, run)) {
      for (let at = 0; at < chunk.length; at += PAGE_SIZE) writer.put(chunk.subarray(at, at + PAGE_SIZE));
      onProgress(writer.count, frames.size);
    }
  }
  return writer.finish();
}

function shapeOf(content: DumpContent): KdumpShape {
  const notes = contentNotes(content);
  let end = content.memory.ranges.at(-1)?.end ?? 0;
  for (const run of content.frames.runs()) end = Math.max(end, run.end);
  const maxFrame = Math.ceil(end / PAGE_SIZE);
  if (maxFrame > MOST_FRAMES) {
    const message = `a kdump can hold frames up to ${formatAddress(MOST_FRAMES)}, but this memory ends at frame ${formatAddress(maxFrame)}`;
    throw new OsiError('EXPORT_IMPOSSIBLE', message, {
      hint: 'write an ELF core file: --format elf',
      fields: { maxFrame },
    });
  }
  return {
    notes,
    maxFrame,
    subBlocks: 1 + Math.ceil(notes.length / PAGE_SIZE),
    bitmapBlocks: 2 * Math.ceil(maxFrame / FRAMES_OF_BLOCK),
  };
}

/** Sets the bits of ranges, which ascend and do not overlap; blocks without a bit stay unwritten. */
function writeBitmap(sink: ByteSink, position: number, ranges: Iterable<PhysicalRange>): void {
  const block = new Uint8Array(PAGE_SIZE);
  let number = -1;
  const flush = (): void => {
    if (number >= 0) sink.write(position + number * PAGE_SIZE, block);
  };
  for (const { start, end } of ranges) {
    const last = Math.floor(end / PAGE_SIZE);
    for (let frame = Math.ceil(start / PAGE_SIZE); frame < last; ) {
      if (Math.floor(frame / FRAMES_OF_BLOCK) !== number) {
        flush();
        block.fill(0);
        number = Math.floor(frame / FRAMES_OF_BLOCK);
      }
      const until = Math.min(last, (number + 1) * FRAMES_OF_BLOCK);
      setBits(block, frame % FRAMES_OF_BLOCK, until - number * FRAMES_OF_BLOCK);
      frame = until;
    }
  }
  flush();
}

function setBits(block: Uint8Array, from: number, until: number): void {
  for (let index = from; index < until; index += 1) {
    if ((index & 7) === 0 && index + 8 <= until) {
      block[index >> 3] = 0xff;
      index += 7;
    } else block[index >> 3] = (block[index >> 3] as number) | (1 << (index & 7));
  }
}

interface Block {
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
}

/** Writes the descriptors and, behind all of them, the pages. */
class PageWriter {
  count = 0;
  private readonly descriptors: SinkCursor;
  private readonly pages: SinkCursor;
  private readonly deflate: (page: Uint8Array) => Uint8Array;
  private readonly descriptor = new DataView(new ArrayBuffer(DESCRIPTOR_SIZE));
  private zeros: Block | undefined;

  constructor(sink: ByteSink, at: number, count: number, deflate: (page: Uint8Array) => Uint8Array) {
    this.descriptors = new SinkCursor(sink, at);
    this.pages = new SinkCursor(sink, at + count * DESCRIPTOR_SIZE);
    this.deflate = deflate;
  }

  put(page: Uint8Array): void {
    const block = isZero(page) ? this.zeroBlock(page) : this.append(page);
    this.descriptor.setBigUint64(0, BigInt(block.offset), true);
    this.descriptor.setUint32(8, block.size, true);
    this.descriptor.setUint32(12, block.flags, true);
    this.descriptors.put(new Uint8Array(this.descriptor.buffer));
    this.count += 1;
  }

  finish(): number {
    this.descriptors.flush();
    this.pages.flush();
    return this.pages.position;
  }

  private zeroBlock(page: Uint8Array): Block {
    this.zeros ??= this.append(page);
    return this.zeros;
  }

  /** A block that is not smaller than its page is stored. */
  private append(page: Uint8Array): Block {
    const packed = this.deflate(page);
    const smaller = packed.length < page.length;
    const bytes = smaller ? packed : page;
    const block = { offset: this.pages.position, size: bytes.length, flags: smaller ? FLAG_ZLIB : 0 };
    this.pages.put(bytes);
    return block;
  }
}

function isZero(page: Uint8Array): boolean {
  const words = new Int32Array(page.buffer, page.byteOffset, page.length / 4);
  for (let index = 0; index < words.length; index += 1) {
    if (words[index] !== 0) return false;
  }
  return true;
}
