import { constants, copyFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Bytes of an ELF64 header and of a program header (System V gABI, "ELF Header", "Program Header"). */
const HEADER = 64;
const PROGRAM_HEADER = 56;
const EM_386 = 3;
const PT_LOAD = 1;
const FOUR_GIB = 2 ** 32;
const BIOS_BYTES = 0x40000;
/** Where Linux of 32 bits maps low memory (arch/x86/include/asm/page_32_types.h). */
const PAGE_OFFSET_32 = 0xc0000000n;

/**
 * Copies an ELF core of QEMU (`paging` off) into the form that `makedumpfile` reads.
 *
 * QEMU puts the program headers behind section headers; `makedumpfile` wants them right behind the ELF header. The
 * BIOS below 4 GiB is left out: the kernel has no page structures for it. In cores of i386 guests the segments get the
 * addresses of low memory, as the kernel's own `/proc/vmcore` has them.
 */
export async function copyQemuCore(from: string, to: string): Promise<void> {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  const file = await open(to, 'r+');
  try {
    await rewriteHeaders(file);
  } finally {
    await file.close();
  }
}

async function rewriteHeaders(file: FileHandle): Promise<void> {
  const header = await readBytes(file, 0, HEADER);
  const at = Number(header.readBigUInt64LE(32));
  const count = header.readUInt16LE(56);
  const table = await readBytes(file, at, PROGRAM_HEADER * count);
  const entries = Array.from({ length: count }, (_, index) =>
    table.subarray(index * PROGRAM_HEADER, (index + 1) * PROGRAM_HEADER),
  ).filter((entry) => !isBios(entry));
  if (header.readUInt16LE(18) === EM_386) entries.filter(isLoad).forEach(setLowMemoryAddress);
  header.writeBigUInt64LE(BigInt(HEADER), 32);
  header.writeBigUInt64LE(0n, 40);
  for (const [index, value] of [HEADER, PROGRAM_HEADER, entries.length, HEADER, 0, 0].entries()) {
    header.writeUInt16LE(value, 52 + 2 * index);
  }
  // The old headers end where the notes begin; the new ones are shorter.
  const bytes = Buffer.alloc(at + table.length);
  Buffer.concat([header, ...entries]).copy(bytes);
  await file.write(bytes, 0, bytes.length, 0);
}

function isLoad(entry: Buffer): boolean {
  return entry.readUInt32LE(0) === PT_LOAD;
}

function isBios(entry: Buffer): boolean {
  return isLoad(entry) && Number(entry.readBigUInt64LE(24)) === FOUR_GIB - BIOS_BYTES;
}

function setLowMemoryAddress(entry: Buffer): void {
  entry.writeBigUInt64LE(PAGE_OFFSET_32 + entry.readBigUInt64LE(24), 16);
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead !== length) throw new RangeError(`the core ends before ${position + length} bytes`);
  return bytes;
}
