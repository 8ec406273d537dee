import { PAGE_SIZE } from '@osi-linux/core';

/** How the pages of a kdump file are compressed; a block that is not smaller than its page is stored. */
export interface KdumpCompression {
  /** The flag of its page descriptors: 1 zlib, 2 LZO, 4 snappy, 0x20 zstd. */
  readonly flag: number;
  compress(page: Uint8Array): Uint8Array;
}

/** The contents of a kdump file. */
export interface KdumpContent {
  readonly pages: ReadonlyMap<number, Uint8Array>;
  /** Frames that are RAM, but were left out. */
  readonly excluded?: readonly number[];
  /** header_version, 6 unless given. */
  readonly version?: number;
  readonly wordSize?: 4 | 8;
  readonly compression?: KdumpCompression;
  /** utsname.machine and utsname.release; QEMU leaves the latter empty. */
  readonly machine?: string;
  readonly release?: string;
  readonly dumpLevel?: number;
  readonly vmcoreinfo?: string;
  readonly notes?: Uint8Array;
  readonly incomplete?: boolean;
  /** The frames of this file, up to, not including, `end`, where the dump is split. */
  readonly split?: { readonly start: number; readonly end: number };
  /** max_mapnr; one above the last frame unless given. */
  readonly maxFrame?: number;
  /** phys_base, which readers should not believe. */
  readonly physBase?: bigint;
  /** One bitmap instead of two. */
  readonly singleBitmap?: boolean;
}

const UTSNAME = { release: 12 + 2 * 65, machine: 12 + 4 * 65 } as const;
const DESCRIPTOR_SIZE = 24;

/** Writes a kdump file, from makedumpfile's diskdump_mod.h: header, sub-header, bitmaps, descriptors, pages. */
export function writeKdump(content: KdumpContent): Uint8Array {
  const { excluded = [], split, singleBitmap = false } = content;
  const frames = [...content.pages.keys()].sort((a, b) => a - b);
  const mine = frames.filter((frame) => split === undefined || (frame >= split.start && frame < split.end));
  const maxFrame = content.maxFrame ?? Math.max(-1, ...frames, ...excluded) + 1;
  const bitmapBlocks = Math.max(1, Math.ceil(maxFrame / 8 / PAGE_SIZE));
  const texts = [new TextEncoder().encode(content.vmcoreinfo ?? ''), content.notes ?? new Uint8Array(0)];
  const subBlocks = 1 + Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / PAGE_SIZE);
  const bitmaps = singleBitmap ? 1 : 2;
  const blocks = { sub: subBlocks, bitmap: bitmapBlocks * bitmaps };
  const head = new Uint8Array((1 + blocks.sub + blocks.bitmap) * PAGE_SIZE);
  writeHeader(new DataView(head.buffer), content, blocks, maxFrame);
  const placed = placeTexts(head, texts);
  writeSubHeader(new DataView(head.buffer, PAGE_SIZE), content, placed, maxFrame);
  const bitmapAt = (1 + blocks.sub) * PAGE_SIZE;
  if (!singleBitmap) setBits(head, bitmapAt, [...frames, ...excluded]);
  setBits(head, bitmapAt + (bitmaps - 1) * bitmapBlocks * PAGE_SIZE, frames);
  return appendPages(
    head,
    mine.map((frame) => content.pages.get(frame) ?? new Uint8Array(PAGE_SIZE)),
    content.compression,
  );
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

function placeTexts(head: Uint8Array, texts: readonly Uint8Array[]): Place[] {
  let at = PAGE_SIZE + 256;
  return texts.map((text) => {
    head.set(text, at);
    at += text.length;
    return text.length === 0 ? { offset: 0, size: 0 } : { offset: at - text.length, size: text.length };
  });
}

function writeHeader(
  view: DataView,
  content: KdumpContent,
  blocks: { sub: number; bitmap: number },
  maxFrame: number,
): void {
  const { version = 6, wordSize = 8, machine = 'x86_64', release = '6.1.0-49-amd64' } = content;
  putText(view, 0, 'KDUMP   ');
  view.setInt32(8, version, true);
  putText(view, UTSNAME.release, release);
  putText(view, UTSNAME.machine, machine);
  // A timeval of two longs comes after 390 bytes of utsname; a 64-bit one is aligned.
  const status = wordSize === 8 ? 424 : 412;
  view.setUint32(wordSize === 8 ? 408 : 404, 1_700_000_000, true);
  const words = [content.incomplete === true ? 8 : 0, PAGE_SIZE, blocks.sub, blocks.bitmap, maxFrame];
  for (const [index, word] of words.entries())
    view.setUint32(status + index * 4, Math.min(word, 0xffffffff), true);
}

/** The members of struct kdump_sub_header one after the other; in 32 bits, too, they are not padded on i386. */
function writeSubHeader(
  view: DataView,
  content: KdumpContent,
  [vmcoreinfo, notes]: Place[],
  maxFrame: number,
): void {
  const { version = 6, wordSize = 8, split, dumpLevel = 0, physBase = 0n } = content;
  const eraseinfo: Place = { offset: 0, size: 0 };
  const members: [since: number, size: 4 | 8, value: number | bigint][] = [
    [0, wordSize, physBase],
    [1, 4, dumpLevel],
    [2, 4, split === undefined ? 0 : 1],
    [2, wordSize, split?.start ?? 0],
    [2, wordSize, split?.end ?? 0],
  ];
  for (const [index, place] of [vmcoreinfo, notes, eraseinfo].entries()) {
    members.push([3 + index, 8, place?.offset ?? 0], [3 + index, wordSize, place?.size ?? 0]);
  }
  members.push([6, 8, split?.start ?? 0], [6, 8, split?.end ?? 0], [6, 8, maxFrame]);
  let at = 0;
  for (const [since, size, value] of members) {
    const word = BigInt.asUintN(size * 8, BigInt(value));
    if (version >= since && size === 8) view.setBigUint64(at, word, true);
    else if (version >= since) view.setUint32(at, Number(word), true);
    at += size;
  }
}

function putText(view: DataView, at: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) view.setUint8(at + index, text.charCodeAt(index));
}

function setBits(bytes: Uint8Array, at: number, frames: readonly number[]): void {
  for (const frame of frames) {
    const byte = at + (frame >> 3);
    bytes[byte] = (bytes[byte] ?? 0) | (1 << (frame & 7));
  }
}

/** Equal pages share one block, as QEMU's pages of zeros do. */
function appendPages(
  head: Uint8Array,
  pages: readonly Uint8Array[],
  compression: KdumpCompression | undefined,
): Uint8Array {
  const descriptors = new DataView(new ArrayBuffer(pages.length * DESCRIPTOR_SIZE));
  const blocks: Uint8Array[] = [];
  const known = new Map<string, number>();
  let end = head.length + descriptors.byteLength;
  for (const [index, page] of pages.entries()) {
    const packed = compression?.compress(page) ?? page;
    const [block, flag] = packed.length < page.length ? [packed, compression?.flag ?? 0] : [page, 0];
    const key = block.join();
    const offset = known.get(key) ?? end;
    if (offset === end) {
      blocks.push(block);
      known.set(key, offset);
      end += block.length;
    }
    descriptors.setBigUint64(index * DESCRIPTOR_SIZE, BigInt(offset), true);
    descriptors.setUint32(index * DESCRIPTOR_SIZE + 8, block.length, true);
    descriptors.setUint32(index * DESCRIPTOR_SIZE + 12, flag, true);
  }
  const file = new Uint8Array(end);
  let at = 0;
  for (const part of [head, new Uint8Array(descriptors.buffer), ...blocks]) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
