import { type Derivation, isMissing, type Missing } from './derivation';

/** The kernel's description of its vdso, by the names that the variable has had. */
export const VDSO_SYMBOLS = ['vdso_image_64', 'vdso64_image'] as const;

/** No vdso is larger. */
const MAX_VDSO = 256 * 1024;
const PT_NOTE = 4;
const ELF64_HEADER = 64;
const PROGRAM_HEADER = 56;
/** A vdso has four. */
const MAX_PROGRAM_HEADERS = 64;
/** `u32 namesz 6, u32 descsz 4, u32 type 0, "Linux"`, padded to 8. */
const NOTE = [6, 4, 0, 0x756e694c, 0x00000078];

/** LINUX_VERSION_CODE from the ELF note "Linux" of the vdso that the kernel holds (arch/x86/entry/vdso/note.S). */
export function readVersionNote(derivation: Derivation): number | Missing {
  const image = derivation.symbol(...VDSO_SYMBOLS);
  const data = derivation.offset('vdso_image.data');
  const sizeAt = derivation.offset('vdso_image.size');
  if (image === undefined || data === undefined || sizeAt === undefined)
    return { missing: 'no vdso is known' };
  const [start, size] = [
    derivation.readWord(image + BigInt(data)),
    derivation.readWord(image + BigInt(sizeAt)),
  ];
  if (isMissing(start)) return start;
  if (isMissing(size)) return size;
  if (size < ELF64_HEADER || size > MAX_VDSO) return { missing: `a vdso of ${size} bytes is not believed` };
  const bytes = derivation.readBytes(start, Number(size));
  if (isMissing(bytes)) return bytes;
  return findVersionNote(bytes) ?? { missing: 'the vdso has no note of the version' };
}

/** The version in the notes of an ELF file of 64 bits. */
export function findVersionNote(elf: Uint8Array): number | undefined {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.length);
  if (elf.length < ELF64_HEADER || view.getUint32(0, false) !== 0x7f454c46) return undefined;
  const table = Number(view.getBigUint64(32, true));
  const count = Math.min(view.getUint16(56, true), MAX_PROGRAM_HEADERS);
  for (
    let at = table;
    at + PROGRAM_HEADER <= elf.length && at < table + count * PROGRAM_HEADER;
    at += PROGRAM_HEADER
  ) {
    if (view.getUint32(at, true) !== PT_NOTE) continue;
    const start = Number(view.getBigUint64(at + 8, true));
    const end = Math.min(start + Number(view.getBigUint64(at + 32, true)), elf.length);
    const version = versionInNotes(view, start, end);
    if (version !== undefined) return version;
  }
  return undefined;
}

function versionInNotes(view: DataView, start: number, end: number): number | undefined {
  for (let at = start; at + (NOTE.length + 1) * 4 <= end; at += 4) {
    if (NOTE.every((word, index) => view.getUint32(at + index * 4, true) === word)) {
      return view.getUint32(at + NOTE.length * 4, true);
    }
  }
  return undefined;
}
