import { decodeCString, formatAddress, OsiError, PAGE_SIZE } from '@osi-linux/core';
import type { FrameSpan } from '../../pages/frame-bitmap';
import type { ByteSource } from '../../sources/byte-source';
import type { FilePlace } from '../../sources/file-place';
import { readAt } from '../../sources/read-at';
import { damagedDump } from '../unsupported/damaged-dump';
import { otherMachine } from '../unsupported/other-machine';

/** The needed fields of the two headers of a kdump file. */
export interface KdumpHeader {
  readonly version: number;
  /** Bytes of a long in it: those of the guest, but 8 in many dumps that QEMU made of 32-bit guests. */
  readonly wordSize: 4 | 8;
  /** `utsname.machine`, and `utsname.release`, which QEMU leaves empty. */
  readonly machine: string;
  readonly release: string;
  /** Seconds and microseconds of the time of the dump, as bytes; the same in all parts of a split dump. */
  readonly timestamp: string;
  readonly incomplete: boolean;
  readonly dumpLevel: number;
  /** The first frame number that is above all memory. */
  readonly maxFrame: number;
  readonly bitmapAt: number;
  /** Bytes of both bitmaps. */
  readonly bitmapSize: number;
  readonly descriptorsAt: number;
  /** The frames whose descriptors are in this file, where the dump was split over several. */
  readonly part: FrameSpan | undefined;
  readonly vmcoreinfo: FilePlace | undefined;
  readonly notes: FilePlace | undefined;
}

export const KDUMP_MAGIC = 'KDUMP   ';

// makedumpfile diskdump_mod.h, struct disk_dump_header; the words of a 32-bit kernel's timeval have 4 bytes, and of
// struct kdump_sub_header its longs, whose 8-byte members are not aligned (i386 ABI).
const UTSNAME_AT = 12;
const UTSNAME_FIELD = 65;
const RELEASE = 2;
const MACHINE = 4;

interface KdumpLayout {
  readonly wordSize: 4 | 8;
  readonly timestamp: FilePlace;
  readonly status: number;
}

const LAYOUT_64: KdumpLayout = { wordSize: 8, timestamp: { offset: 408, size: 16 }, status: 424 };
const LAYOUT_32: KdumpLayout = { wordSize: 4, timestamp: { offset: 404, size: 8 }, status: 412 };

const STATUS_INCOMPLETE = 8;
const NEWEST = 6;
const HEADER_SIZE = 464;
const SUB_HEADER_SIZE = 104;
// 2^46 bytes, the most that Linux runs in with 4-level paging.
const MOST_FRAMES = 2 ** 34;

/** Whether a source begins as kdump files do. */
export function isKdump(source: ByteSource): boolean {
  return decodeCString(readAt(source, 0, 8)) === KDUMP_MAGIC;
}

/**
 * Reads both headers of a kdump file.
 *
 * @throws OsiError `DUMP_MALFORMED`, `DUMP_MACHINE_UNSUPPORTED`.
 */
export function readKdumpHeader(source: ByteSource): KdumpHeader {
  const head = readAt(source, 0, HEADER_SIZE);
  const sub = readAt(source, PAGE_SIZE, SUB_HEADER_SIZE);
  if (head.length < HEADER_SIZE || sub.length < SUB_HEADER_SIZE) {
    throw damagedDump(source, 'kdump file', `the file ends inside its headers, after ${source.size} bytes`, {
      size: source.size,
    });
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getInt32(8, true);
  const machine = utsnameField(head, MACHINE);
  rejectMachine(source, machine, version);
  if (version < 0 || version > NEWEST) {
    throw damagedDump(source, 'kdump file', `header_version is ${version}, expected 0 to ${NEWEST}`, {
      version,
    });
  }
  const layout = layoutOf(source, view);
  const word = (index: number): number => view.getUint32(layout.status + index * 4, true);
  const { offset, size } = layout.timestamp;
  const blocks = { sub: word(2), bitmap: word(3) };
  const base = {
    version,
    wordSize: layout.wordSize,
    machine,
    release: utsnameField(head, RELEASE),
    timestamp: head.subarray(offset, offset + size).join(),
    incomplete: (word(0) & STATUS_INCOMPLETE) !== 0,
    bitmapAt: (1 + blocks.sub) * PAGE_SIZE,
    bitmapSize: blocks.bitmap * PAGE_SIZE,
    descriptorsAt: (1 + blocks.sub + blocks.bitmap) * PAGE_SIZE,
  };
  const header = { ...base, ...subHeader(sub, layout.wordSize, version, word(4)) };
  checkBitmap(source, header);
  return header;
}

function utsnameField(head: Uint8Array, index: number): string {
  const at = UTSNAME_AT + index * UTSNAME_FIELD;
  return decodeCString(head.subarray(at, at + UTSNAME_FIELD));
}

const X86 = /^(x86_64|i[3-6]86)$/;
// QEMU 10 writes "Unknown" for every guest (its dump/dump.c has no name of the machine any more).
const NAMELESS = /^(|unknown|\(none\))$/i;

/** Whether `utsname.machine` names a machine at all. */
export function namesMachine({ machine }: Pick<KdumpHeader, 'machine'>): boolean {
  return !NAMELESS.test(machine);
}

function rejectMachine(source: ByteSource, machine: string, version: number): void {
  // A big-endian version number has its only byte at the end.
  if (version !== 0 && (version & 0xffffff) === 0 && !X86.test(machine)) {
    throw new OsiError('DUMP_MACHINE_UNSUPPORTED', `${source.name} is a kdump file of a big-endian machine`, {
      hint: 'only x86 guests are supported',
      fields: { source: source.name, machine },
    });
  }
  if (namesMachine({ machine }) && !X86.test(machine)) {
    throw otherMachine(source, 'a kdump file', machine, 'utsname.machine');
  }
}

/** The layout whose fields make sense: the block size is the page size, and neither header nor bitmap is empty. */
function layoutOf(source: ByteSource, view: DataView): KdumpLayout {
  const fits = ({ status }: KdumpLayout): boolean =>
    view.getUint32(status + 4, true) === PAGE_SIZE &&
    view.getUint32(status + 8, true) > 0 &&
    view.getUint32(status + 12, true) > 0;
  const layout = [LAYOUT_64, LAYOUT_32].find(fits);
  if (layout !== undefined) return layout;
  const sizes = [LAYOUT_64, LAYOUT_32].map(({ status }) => view.getUint32(status + 4, true));
  throw damagedDump(
    source,
    'kdump file',
    `block_size is ${sizes[0]} in 64 bits and ${sizes[1]} in 32, expected ${PAGE_SIZE} with a sub-header and a bitmap after it`,
    { blockSize64: sizes[0], blockSize32: sizes[1] },
  );
}

/** struct kdump_sub_header; its members were added one by one, each with a new header_version. */
function subHeader(sub: Uint8Array, wordSize: 4 | 8, version: number, oldMaxFrame: number) {
  const view = new DataView(sub.buffer, sub.byteOffset, sub.byteLength);
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const long = (at: number): number => (wordSize === 8 ? u64(at) : view.getUint32(at, true));
  const place = (since: number, at: number): FilePlace | undefined => {
    const [offset, size] = [u64(at), long(at + 8)];
    return version < since || offset === 0 || size === 0 ? undefined : { offset, size };
  };
  // phys_base, dump_level, split, start_pfn, end_pfn, then three places and the frame numbers in 64 bits.
  const split = wordSize + 4;
  const places = split + 4 + 2 * wordSize;
  const placeSize = 8 + wordSize;
  const wide = places + 3 * placeSize;
  const part = {
    start: version >= 6 ? u64(wide) : long(split + 4),
    end: version >= 6 ? u64(wide + 8) : long(split + 4 + wordSize),
  };
  return {
    dumpLevel: version >= 1 ? view.getInt32(wordSize, true) : 0,
    maxFrame: version >= 6 ? u64(wide + 16) : oldMaxFrame,
    part: version >= 2 && view.getInt32(split, true) !== 0 ? part : undefined,
    vmcoreinfo: place(3, places),
    notes: place(4, places + placeSize),
  };
}

function checkBitmap(source: ByteSource, { maxFrame, bitmapAt, bitmapSize }: KdumpHeader): void {
  const fields = { maxFrame, bitmapAt, bitmapSize };
  const needed = Math.ceil(maxFrame / 8);
  if (maxFrame > MOST_FRAMES) {
    const what = `max_mapnr is ${formatAddress(maxFrame)}, expected at most ${formatAddress(MOST_FRAMES)}`;
    throw damagedDump(source, 'kdump file', what, fields);
  }
  if (bitmapSize < needed) {
    const what = `its bitmap has ${bitmapSize} bytes, expected ${needed} for ${maxFrame} frames`;
    throw damagedDump(source, 'kdump file', what, fields);
  }
  if (bitmapAt >= source.size) {
    throw damagedDump(
      source,
      'kdump file',
      `its bitmap at offset ${bitmapAt} is outside of the file, which has ${source.size} bytes`,
      fields,
    );
  }
}
