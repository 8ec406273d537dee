import { decodeCString } from '@osi-linux/core';

/** A note of an ELF file. */
export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

/** The notes of a segment, up to the first that does not fit into it. */
export interface ElfNotes {
  readonly notes: readonly ElfNote[];
  /** What is wrong with the first one that does not fit. */
  readonly damage: string | undefined;
}

const HEADER_SIZE = 12;

/** Takes the notes of a PT_NOTE segment apart; each part is padded to 4 bytes (gABI, "Note Section"). */
export function parseNotes(bytes: Uint8Array): ElfNotes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notes: ElfNote[] = [];
  for (let at = 0; at + HEADER_SIZE <= bytes.length; ) {
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
