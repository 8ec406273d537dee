import { PAGE_SIZE } from '@osi-linux/core';
import { FrameBitmap, type FrameSpan } from '../../pages/frame-bitmap';
import { BlockCache } from '../../sources/block-cache';
import type { ByteSource } from '../../sources/byte-source';
import { type KdumpHeader, readKdumpHeader } from './kdump-header';

/** Where the bytes of a page are: struct page_desc (makedumpfile diskdump_mod.h), without its page_flags. */
export interface PageDescriptor {
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
}

const DESCRIPTOR_SIZE = 24;

// One of this many last descriptors shows where the file should end; the very last may share an earlier
// block.
const LAST_DESCRIPTORS = 128;

/** One file of a kdump: all of it, or a part of a split one. */
export class KdumpPart {
  readonly source: ByteSource;
  readonly header: KdumpHeader;
  /** The frames that this file answers for. */
  readonly span: FrameSpan;
  /** Which frames are RAM. */
  readonly ram: FrameBitmap;
  /** Which frames have a descriptor; of frames of other parts it may say anything. */
  readonly dumped: FrameBitmap;
  private readonly descriptors: BlockCache;
  private before: number | undefined;

  /** @throws OsiError where the headers cannot be used. */
  constructor(source: ByteSource) {
    this.source = source;
    this.header = readKdumpHeader(source);
    const { maxFrame, part, bitmapAt, bitmapSize, descriptorsAt } = this.header;
    this.span = part === undefined ? { start: 0, end: maxFrame } : clipSpan(part, maxFrame);
    this.ram = new FrameBitmap(source, bitmapAt, maxFrame);
    // A file with a single bitmap has dumped all RAM (crash diskdump.c, dump_is_partial).
    const single = bitmapSize < Math.ceil(maxFrame / 8 / PAGE_SIZE) * PAGE_SIZE * 2;
    this.dumped = single ? this.ram : new FrameBitmap(source, bitmapAt + bitmapSize / 2, maxFrame);
    this.descriptors = new BlockCache(source, descriptorsAt);
  }

  holds(frame: number): boolean {
    return frame >= this.span.start && frame < this.span.end;
  }

  /** The descriptor of a dumped frame of this part, or `undefined` if the file ends before it. */
  descriptor(frame: number): PageDescriptor | undefined {
    this.before ??= this.dumped.rank(this.span.start);
    if (!this.dumped.isSound(frame)) return undefined;
    return this.readDescriptor(this.dumped.rank(frame) - this.before);
  }

  /** How many pages have a descriptor in this part. */
  count(): number {
    this.before ??= this.dumped.rank(this.span.start);
    return this.dumped.rank(this.span.end) - this.before;
  }

  /** Where the file should end at least, from the sizes in its headers and the last descriptors. */
  expectedSize(): number {
    const count = this.count();
    let end = this.header.descriptorsAt + count * DESCRIPTOR_SIZE;
    for (let index = Math.max(0, count - LAST_DESCRIPTORS); index < count; index += 1) {
      const descriptor = this.readDescriptor(index);
      if (descriptor !== undefined && descriptor.size <= PAGE_SIZE)
        end = Math.max(end, descriptor.offset + descriptor.size);
    }
    return end;
  }

  private readDescriptor(index: number): PageDescriptor | undefined {
    const bytes = this.descriptors.bytes(index * DESCRIPTOR_SIZE, DESCRIPTOR_SIZE);
    if (bytes.length < DESCRIPTOR_SIZE) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return {
      offset: Number(view.getBigUint64(0, true)),
      size: view.getUint32(8, true),
      flags: view.getUint32(12, true),
    };
  }
}

function clipSpan({ start, end }: FrameSpan, maxFrame: number): FrameSpan {
  const clipped = Math.min(end, maxFrame);
  return { start: Math.min(start, clipped), end: clipped };
}
