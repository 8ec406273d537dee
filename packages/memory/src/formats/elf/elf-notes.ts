import { decodeCString } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { ByteSource } from '../../sources/byte-source';
import type { FilePlace } from '../../sources/file-place';
import { readAt } from '../../sources/read-at';

/** A note of an ELF file. */
export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

/** The notes of a segment, up to the first that does not fit into it. */
export interface ElfNotes {
  readonly notes: readonly ElfNote[];
  /** The fault of the first one that does not fit. */
  readonly damage: string | undefined;
}

const HEADER_SIZE = 12;
// Registers of thousands of processors fit; more notes than that are cut and reported.
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_NOTES = 32_768;

/**
 * Reads the notes at some places of a file, up to a limit for all; each cut or damaged note becomes a
 * finding.
 */
export function readNotes(
  source: ByteSource,
  places: readonly FilePlace[],
  findings: Finding[],
): readonly ElfNote[] {
  const all: ElfNote[] = [];
  let left = MOST_BYTES;
  for (const { offset, size } of places) {
    const bytes = readAt(source, offset, Math.min(size, left));
    left -= bytes.length;
    const { notes, damage } = parseNotes(bytes, MOST_NOTES - all.length);
    for (const note of notes) all.push(note);
    const cut =
      bytes.length < size ? `those at ${offset} have ${size} bytes, ${bytes.length} were read` : undefined;
    const evidence = damage ?? cut;
    if (evidence !== undefined)
      findings.push({ what: 'notes', value: 'not all notes could be read', evidence });
    if (left <= 0 || all.length >= MOST_NOTES) break;
  }
  return all;
}

/** Takes the notes of a PT_NOTE segment apart; each part is padded to 4 bytes (gABI, "Note Section"). */
export function parseNotes(bytes: Uint8Array, most = MOST_NOTES): ElfNotes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notes: ElfNote[] = [];
  for (let at = 0; at + HEADER_SIZE <= bytes.length; ) {
    if (notes.length >= most) return { notes, damage: `more than ${MOST_NOTES} notes` };
    const namesz = view.getUint32(at, true);
    const descsz = view.getUint32(at + 4, true);
    const name = at + HEADER_SIZE;
    const desc = name + pad4(namesz);
    if (desc + descsz > bytes.length) {
      const claim = `name of ${namesz} and desc of ${descsz} bytes`;
      return { notes, damage: `note at ${at}: ${claim}, ${bytes.length - name} are left` };
    }
    notes.push({
      name: decodeCString(bytes.subarray(name, name + namesz)),
      type: view.getUint32(at + 8, true),
      desc: bytes.subarray(desc, desc + descsz),
    });
    at = desc + pad4(descsz);
  }
  return { notes, damage: undefined };
}

function pad4(size: number): number {
  return Math.ceil(size / 4) * 4;
}
