import { decodeText, type PhysicalMemory } from '@osi-linux/core';
import {
  eachOccurrence,
  type LocatedKernel,
  memoryBetween,
  parseVmcoreinfo,
  type Vmcoreinfo,
} from '@osi-linux/symbols';
import { IMAGE_REACH } from './image-page';

/** A note begins with the release of the kernel. */
const START = new TextEncoder().encode('OSRELEASE=');
/** VMCOREINFO_BYTES, include/linux/kexec.h of Linux 2.6.32 to 4.12: the text ends at its first NUL before. */
const LONGEST_TEXT = 4096;
/** The text is there once more in the note, and perhaps in an image that is unpacked. */
const MOST_PLACES = 256;

/**
 * The VMCOREINFO of a kernel that keeps it in its own image: before v4.13 the note is an array in `.bss`, aligned to 4,
 * and `vmcoreinfo_data` is its text, which Linux 2.6.32 copies to the note only when it crashes. Corresponds to
 * `vmcoreinfo_note` and `vmcoreinfo_data`, kernel/kexec.c of Linux 2.6.32 to 4.4.
 *
 * Searches the image alone, at steps of 4 bytes. `undefined` where no text in it names a place in the image as its start.
 */
export function findVmcoreinfoInImage(
  { location: { tables, textBase } }: LocatedKernel,
  memory: PhysicalMemory,
): Vmcoreinfo | undefined {
  const start = tables.translate(textBase);
  if (start === undefined) return undefined;
  let longest = '';
  let places = 0;
  for (const { at } of eachOccurrence(memoryBetween(memory, start, start + IMAGE_REACH), [
    { bytes: START, alignment: 4 },
  ])) {
    places += 1;
    if (places > MOST_PLACES) break;
    const bytes = new Uint8Array(LONGEST_TEXT);
    const read = bytes.subarray(0, memory.scan(at, bytes));
    const end = read.indexOf(0);
    const text = decodeText(end < 0 ? read : read.subarray(0, end));
    if (text.length > longest.length && isOfImage(parseVmcoreinfo(text), textBase)) longest = text;
  }
  return longest === '' ? undefined : parseVmcoreinfo(longest);
}

/** `_stext` is the start of the image or a little behind it. */
function isOfImage(note: Vmcoreinfo, textBase: bigint): boolean {
  const start = note.address('SYMBOL(_stext)');
  return start !== undefined && start >= textBase && start < textBase + BigInt(IMAGE_REACH);
}
