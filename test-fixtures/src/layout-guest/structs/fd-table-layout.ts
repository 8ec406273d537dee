import type { GuestMemory } from '../guest-memory';
import { allocateStruct, GuestStruct } from './guest-struct';

/** A descriptor of a process. */
export interface DescriptorLayout {
  readonly fd: number;
  /** The `struct file`, virtual. */
  readonly file: bigint;
  readonly closeOnExec: boolean;
}

/**
 * Lays out a `files_struct`; its address. Few descriptors are in the small table inside of it, of as many as a word has
 * bits, more in a table of its own. Descriptor 9 is reserved, its file not open yet.
 */
export function layOutFdTable(memory: GuestMemory, descriptors: readonly DescriptorLayout[]): bigint {
  const { keys, wordSize } = memory;
  const bits = wordSize * 8;
  const highest = Math.max(...descriptors.map(({ fd }) => fd), 0);
  const small = highest < bits;
  const maxFds = small ? bits : Math.ceil((highest + 1) / 256) * 256;
  const slots = memory.allocate(maxFds * wordSize, wordSize);
  memory.writeBytes(slots, new Uint8Array(maxFds * wordSize));
  for (const { fd, file } of descriptors) memory.writeWord(slots + BigInt(fd * wordSize), file);
  const open = bitMask(memory, maxFds, [...descriptors.map(({ fd }) => fd), 9]);
  const closing = bitMask(
    memory,
    maxFds,
    descriptors.filter(({ closeOnExec }) => closeOnExec).map(({ fd }) => fd),
  );
  const files = allocateStruct(memory, 'files', 'fs');
  const table = small ? new GuestStruct(memory, files.at('fs.fdtab_offset')) : allocateStruct(memory, 'fs');
  const fd = keys.number('fs.fd_offset');
  table
    .int('fs.max_fds_offset', maxFds, 4, 0)
    .word('fs.fd_offset', slots)
    .word('fs.close_on_exec_offset', closing, fd + wordSize)
    .word('fs.open_fds_offset', open, fd + 2 * wordSize);
  return files.int('files.count_offset', 1, 4, 0).word('fs.fdt_offset', table.address).address;
}

function bitMask(memory: GuestMemory, count: number, set: readonly number[]): bigint {
  const bytes = new Uint8Array(count / 8);
  for (const bit of set) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
  const address = memory.allocate(bytes.length, 8);
  memory.writeBytes(address, bytes);
  return address;
}
