import { constants, copyFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

const HEADER = 64;
const PROGRAM_HEADER = 56;
const PT_LOAD = 1;
const FOUR_GIB = 2 ** 32;

/**
 * Copies an ELF core of QEMU (`paging` off) and gives it `bytes` of RAM more from 4 GiB on, all of it a hole in the file.
 *
 * The program headers move to the end of the file, where there is space for one more (System V gABI, "Program
 * Header").
 */
export async function writeSparseCore(from: string, to: string, bytes: number): Promise<void> {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  const file = await open(to, 'r+');
  try {
    const header = Buffer.alloc(HEADER);
    await file.read(header, 0, HEADER, 0);
    const count = header.readUInt16LE(56);
    const table = Buffer.alloc((count + 1) * PROGRAM_HEADER);
    await file.read(table, 0, count * PROGRAM_HEADER, Number(header.readBigUInt64LE(32)));
    const { size } = await file.stat();
    const hole = Math.ceil(size / 4096) * 4096;
    const entry = table.subarray(count * PROGRAM_HEADER);
    entry.writeUInt32LE(PT_LOAD, 0);
    entry.writeBigUInt64LE(BigInt(hole), 8);
    entry.writeBigUInt64LE(BigInt(FOUR_GIB), 24);
    entry.writeBigUInt64LE(BigInt(bytes), 32);
    entry.writeBigUInt64LE(BigInt(bytes), 40);
    await file.write(table, 0, table.length, hole + bytes);
    header.writeBigUInt64LE(BigInt(hole + bytes), 32);
    header.writeBigUInt64LE(0n, 40);
    header.writeUInt16LE(count + 1, 56);
    header.writeUInt16LE(0, 60);
    header.writeUInt16LE(0, 62);
    await file.write(header, 0, HEADER, 0);
  } finally {
    await file.close();
  }
}
