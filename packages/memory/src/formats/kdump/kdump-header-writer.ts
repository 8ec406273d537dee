import { PAGE_SIZE } from '@osi-linux/core';
import type { DumpContent } from '../../write/dump-content';

/** How large the parts of a kdump file are. */
export interface KdumpShape {
  /** Its notes, as a PT_NOTE segment has them. */
  readonly notes: Uint8Array;
  /** The first frame above all memory. */
  readonly maxFrame: number;
  /** Blocks of the sub-header, the notes among them. */
  readonly subBlocks: number;
  /** Blocks of both bitmaps. */
  readonly bitmapBlocks: number;
}

const MAGIC = 'KDUMP   ';
const VERSION = 6;
const STATUS_ZLIB = 1;
const UTSNAME_AT = 12;
const UTSNAME_FIELD = 65;
const NOTES_AT = 2 * PAGE_SIZE;

/**
 * The blocks before the bitmaps: makedumpfile's `struct disk_dump_header` and `struct kdump_sub_header`, whose longs
 * have the size of the guest's, and the notes behind them.
 */
export function encodeKdumpHeaders(content: DumpContent, shape: KdumpShape): Uint8Array {
  const { notes, subBlocks } = shape;
  const bytes = new Uint8Array((1 + subBlocks) * PAGE_SIZE);
  putHeader(new DataView(bytes.buffer), content, shape);
  putSubHeader(new DataView(bytes.buffer, PAGE_SIZE), content, shape);
  bytes.set(notes, NOTES_AT);
  return bytes;
}

function putHeader(
  view: DataView,
  content: DumpContent,
  { maxFrame, subBlocks, bitmapBlocks }: KdumpShape,
): void {
  const { cpus, frames, machine, vmcoreinfo } = content;
  const release = content.uname?.release ?? /^OSRELEASE=(.*)$/m.exec(vmcoreinfo ?? '')?.[1] ?? '';
  const name = content.uname?.machine ?? (machine === 'i386' ? 'i686' : (machine ?? ''));
  putText(view, 0, MAGIC);
  view.setInt32(8, VERSION, true);
  // struct new_utsname: sysname, nodename, release, version, machine, domainname. The node's name is nobody's business.
  const texts = ['Linux', '(none)', release, content.uname?.version ?? '', name, '(none)'];
  for (const [index, text] of texts.entries()) {
    putText(view, UTSNAME_AT + index * UTSNAME_FIELD, text);
  }
  // A timeval of two longs comes between, left at 0; in 64 bits it is aligned.
  let at = machine === 'i386' ? 412 : 424;
  const words = [
    STATUS_ZLIB,
    PAGE_SIZE,
    subBlocks,
    bitmapBlocks,
    maxFrame,
    maxFrame,
    0,
    frames.size,
    0,
    cpus.length,
  ];
  for (const word of words) {
    view.setUint32(at, Math.min(word, 0xffffffff), true);
    at += 4;
  }
}

function putSubHeader(view: DataView, content: DumpContent, { notes, maxFrame }: KdumpShape): void {
  const long = content.machine === 'i386' ? 4 : 8;
  const { vmcoreinfo } = content;
  const physBase = /^NUMBER\(phys_base\)=(-?\d{1,20})$/m.exec(vmcoreinfo ?? '')?.[1] ?? '0';
  const [infoAt, infoSize] = placeOf(notes, vmcoreinfo);
  const members: readonly (readonly [size: 4 | 8, value: number | bigint])[] = [
    [long, BigInt(physBase)],
    // dump_level 0, and not split.
    [4, 0],
    [4, 0],
    [long, 0],
    [long, 0],
    [8, infoAt],
    [long, infoSize],
    [8, notes.length === 0 ? 0 : NOTES_AT],
    [long, notes.length],
    [8, 0],
    [long, 0],
    [8, 0],
    [8, 0],
    [8, maxFrame],
  ];
  let at = 0;
  for (const [size, value] of members) {
    const word = BigInt.asUintN(size * 8, BigInt(value));
    if (size === 8) view.setBigUint64(at, word, true);
    else view.setUint32(at, Number(word), true);
    at += size;
  }
}

/** Where the text of VMCOREINFO is in the file; it is one of the notes. */
function placeOf(notes: Uint8Array, vmcoreinfo: string | undefined): readonly [offset: number, size: number] {
  if (vmcoreinfo === undefined || vmcoreinfo === '') return [0, 0];
  const text = new TextEncoder().encode(vmcoreinfo);
  const at = indexOf(notes, text);
  return at < 0 ? [0, 0] : [NOTES_AT + at, text.length];
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const first = wanted[0] as number;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/** A text of a utsname ends with a NUL at the latest in its last byte. */
function putText(view: DataView, at: number, text: string): void {
  const bytes = new TextEncoder().encode(text).subarray(0, UTSNAME_FIELD - 1);
  for (const [index, byte] of bytes.entries()) view.setUint8(at + index, byte);
}
