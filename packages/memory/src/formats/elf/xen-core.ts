import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';

// Xen's dump-core format: a core without program headers, with its memory in the section ".xen_pages".
const MARK = '.xen_pages';
const SECTION_SIZE = 64;
const MOST_SECTIONS = 64;
const MOST_NAME_BYTES = 4096;

/** Whether a 64-bit ELF core has the sections of Xen's `xl dump-core`. */
export function isXenCore(source: ByteSource): boolean {
  const head = viewOf(readAt(source, 0, SECTION_SIZE));
  if (head.byteLength < SECTION_SIZE) return false;
  const shoff = wordAt(head, 40);
  const shnum = head.getUint16(60, true);
  const names = head.getUint16(62, true);
  if (head.getUint16(58, true) !== SECTION_SIZE || names >= shnum || shnum > MOST_SECTIONS) return false;
  const section = viewOf(readAt(source, shoff + names * SECTION_SIZE, SECTION_SIZE));
  if (section.byteLength < SECTION_SIZE) return false;
  const length = Math.min(wordAt(section, 32), MOST_NAME_BYTES);
  return String.fromCharCode(...readAt(source, wordAt(section, 24), length)).includes(MARK);
}

function wordAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
