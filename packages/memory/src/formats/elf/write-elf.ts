import { PAGE_SIZE } from '@osi-linux/core';
import type { ByteSink } from '../../write/byte-sink';
import { contentNotes } from '../../write/content-notes';
import { eachChunk } from '../../write/content-pages';
import type { DumpContent } from '../../write/dump-content';
import { SinkCursor } from '../../write/sink-cursor';

const HEADER = 64;
const PROGRAM_HEADER = 56;
const SECTION_HEADER = 64;
const ET_CORE = 4;
const MACHINES = { x86_64: 62, i386: 3 } as const;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** From so many program headers on their number stands in the first section header (gABI, "ELF Header", e_phnum). */
const PN_XNUM = 0xffff;

/**
 * Writes an ELF core of a whole machine (System V gABI, chapters 4 and 5), of 64 bits as QEMU's are for 32-bit guests
 * too: the header, right behind it the program headers, where makedumpfile looks for them, the notes, the pages.
 */
export function writeElf(
  sink: ByteSink,
  content: DumpContent,
  onProgress: (done: number, all: number) => void,
): number {
  const { memory, frames, machine } = content;
  const notes = contentNotes(content);
  let segments = 1;
  for (const _ of frames.runs()) segments += 1;
  const many = segments >= PN_XNUM;
  const notesAt = HEADER + segments * PROGRAM_HEADER + (many ? SECTION_HEADER : 0);
  const pagesAt = Math.ceil((notesAt + notes.length) / PAGE_SIZE) * PAGE_SIZE;
  const cursor = new SinkCursor(sink);
  cursor.put(elfHeader(machine === undefined ? 0 : MACHINES[machine], segments));
  cursor.put(programHeader({ type: PT_NOTE, offset: notesAt, address: 0, size: notes.length }));
  let offset = pagesAt;
  for (const { start, end } of frames.runs()) {
    cursor.put(programHeader({ type: PT_LOAD, offset, address: start, size: end - start }));
    offset += end - start;
  }
  if (many) cursor.put(countHeader(segments));
  cursor.put(notes);
  cursor.seek(pagesAt);
  let done = 0;
  for (const run of frames.runs()) {
    for (const chunk of eachChunk(memory, run)) {
      cursor.put(chunk);
      done += chunk.length / PAGE_SIZE;
      onProgress(done, frames.size);
    }
  }
  cursor.flush();
  return cursor.position;
}

function elfHeader(machine: number, segments: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEADER));
  const many = segments >= PN_XNUM;
  // ELFCLASS64, ELFDATA2LSB, EV_CURRENT.
  for (const [at, byte] of [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].entries()) view.setUint8(at, byte);
  view.setUint16(16, ET_CORE, true);
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(32, BigInt(HEADER), true);
  if (many) view.setBigUint64(40, BigInt(HEADER + segments * PROGRAM_HEADER), true);
  const sizes = [HEADER, PROGRAM_HEADER, Math.min(segments, PN_XNUM), SECTION_HEADER, many ? 1 : 0, 0];
  for (const [index, size] of sizes.entries()) view.setUint16(52 + index * 2, size, true);
  return new Uint8Array(view.buffer);
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function programHeader({ type, offset, address, size }: Segment): Uint8Array {
  const view = new DataView(new ArrayBuffer(PROGRAM_HEADER));
  view.setUint32(0, type, true);
  view.setBigUint64(8, BigInt(offset), true);
  view.setBigUint64(24, BigInt(address), true);
  view.setBigUint64(32, BigInt(size), true);
  view.setBigUint64(40, BigInt(size), true);
  return new Uint8Array(view.buffer);
}

/** A section header of no section, whose sh_info is the number of program headers. */
function countHeader(segments: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(SECTION_HEADER));
  view.setUint32(44, segments, true);
  return new Uint8Array(view.buffer);
}
