import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';

/** A named value of a group. */
export interface VmwareTag {
  readonly name: string;
  readonly indexes: readonly number[];
  /** The value, for a tag that is not a block; little-endian. */
  readonly value: DataView;
  /** Where the data of a block is in the file. */
  readonly block:
    | { readonly offset: number; readonly size: number; readonly compressed: boolean }
    | undefined;
  /** The value as a number of 32 bits, 0 where it has fewer. */
  number(): number;
  /** The first bytes of the value or block as they are, at most as many as are asked for. */
  bytes(length: number): Uint8Array;
}

// u16: bits 15-8 the length of the name, 7-6 how many indexes follow it (u32 each), 5-0 the size of the value.
const TAG_SIZE = 2;
// The sizes 62 and 63 stand for blocks.
const COMPRESSED_BLOCK = 62;
// { u64 bytes in the file, bytes in memory; u16 padding before the data }
const BLOCK_HEADER_SIZE = 18;
const LONGEST_TAG = TAG_SIZE + 255 + 3 * 4 + 64;

/** How many tags of a file are read, in all of its groups, which may lie over each other: a thousand for each of 256 processors. */
export const MOST_TAGS = 2 ** 18;

/** How many tags may be read yet. */
export interface TagBudget {
  left: number;
}

/** Hands on each tag of a group up to the empty one at its end; returns the fault if that is not found. */
export function eachTag(
  source: ByteSource,
  start: number,
  budget: TagBudget,
  take: (tag: VmwareTag) => void,
): string | undefined {
  let position = start;
  while (budget.left > 0) {
    budget.left -= 1;
    const bytes = readAt(source, position, LONGEST_TAG);
    if (bytes.length < TAG_SIZE) return `the file ends at the tag at offset ${position}`;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint16(0, true) === 0) return undefined;
    const found = readTag(source, position, view);
    if (found === undefined) return `the file ends in the tag at offset ${position}`;
    take(found.tag);
    position = found.end;
    if (!(position < source.size))
      return `the group extends beyond the end of the file, after "${found.tag.name}"`;
  }
  return `more than ${MOST_TAGS} tags in its groups`;
}

/** The tag that a view begins with, and the position after it; `undefined` if the view ends before. */
function readTag(
  source: ByteSource,
  position: number,
  view: DataView,
): { readonly tag: VmwareTag; readonly end: number } | undefined {
  const word = view.getUint16(0, true);
  const nameEnd = TAG_SIZE + (word >> 8);
  const valueAt = nameEnd + ((word >> 6) & 3) * 4;
  const size = word & 63;
  const isBlock = size >= COMPRESSED_BLOCK;
  if (valueAt + (isBlock ? BLOCK_HEADER_SIZE : size) > view.byteLength) return undefined;
  const name = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + TAG_SIZE, word >> 8));
  const indexes: number[] = [];
  for (let at = nameEnd; at < valueAt; at += 4) indexes.push(view.getUint32(at, true));
  const value = new DataView(view.buffer, view.byteOffset + valueAt, isBlock ? 0 : size);
  const block = isBlock ? blockAt(view, valueAt, position, size === COMPRESSED_BLOCK) : undefined;
  const end = block === undefined ? position + valueAt + size : block.offset + block.size;
  return { tag: tagOf(source, name, indexes, value, block), end };
}

function blockAt(head: DataView, at: number, position: number, compressed: boolean): VmwareTag['block'] {
  const size = head.getUint32(at, true) + head.getUint32(at + 4, true) * 2 ** 32;
  const padding = head.getUint16(at + 16, true);
  return { offset: position + at + BLOCK_HEADER_SIZE + padding, size, compressed };
}

function tagOf(
  source: ByteSource,
  name: string,
  indexes: readonly number[],
  value: DataView,
  block: VmwareTag['block'],
): VmwareTag {
  return {
    name,
    indexes,
    value,
    block,
    number: () => (value.byteLength >= 4 ? value.getUint32(0, true) : 0),
    bytes: (length) => {
      if (block !== undefined) return readAt(source, block.offset, Math.min(length, block.size));
      return new Uint8Array(value.buffer, value.byteOffset, Math.min(length, value.byteLength));
    },
  };
}
