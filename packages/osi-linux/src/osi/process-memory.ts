import {
  formatAddress,
  OsiError,
  PAGE_SIZE,
  type PhysicalAddress,
  readBytes,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';

/** The most that one call reads, in bytes. */
const READ_LIMIT = 64 * 1024 * 1024;

/** Writes guest-physical memory; only live sources can. Never more than one page at a time. */
export type PhysicalWriter = (address: PhysicalAddress, bytes: Uint8Array) => void;

/** Codes of faults that come from the guest's own page tables: the address has no physical one. */
const UNMAPPED: ReadonlySet<string> = new Set([
  'PAGE_NOT_PRESENT',
  'ADDRESS_NON_CANONICAL',
  'PAGE_RESERVED_BIT',
]);

/**
 * Reads bytes, however many pages they cross.
 *
 * @throws OsiError `READ_LENGTH_INVALID`, or the fault of the first byte that is missing.
 */
export function readMemory(memory: VirtualMemory, address: VirtualAddress, length: number): Uint8Array {
  if (Number.isInteger(length) && length >= 0 && length <= READ_LIMIT)
    return readBytes(memory, address, length);
  throw new OsiError('READ_LENGTH_INVALID', `cannot read ${length} bytes, expected 0 to ${READ_LIMIT}`, {
    hint: 'read in pieces',
    fields: { length },
  });
}

/**
 * Writes bytes, each page at the physical address that is behind it. Nothing is written where any page is missing.
 *
 * @throws OsiError `MEMORY_READ_ONLY` where the source is a dump, or the fault of the first page that is missing.
 */
export function writeMemory(
  memory: VirtualMemory,
  address: VirtualAddress,
  bytes: Uint8Array,
  write: PhysicalWriter | undefined,
): void {
  if (write === undefined) {
    throw new OsiError(
      'MEMORY_READ_ONLY',
      `cannot write ${bytes.length} bytes at ${formatAddress(address)}`,
      {
        hint: 'the source is a dump: only the memory of a live guest can be written',
        fields: { virtualAddress: address, length: bytes.length },
      },
    );
  }
  const pieces = splitByPage(address, bytes).map(({ at, piece }) => ({
    physical: requirePhysical(memory, at),
    piece,
  }));
  for (const { physical, piece } of pieces) write(physical, piece);
}

/**
 * The physical address behind a virtual one; `undefined` if the guest's tables map none, PANDA's all-ones.
 *
 * @throws OsiError where the source lacks a table on the way, so that it cannot be told.
 */
export function findPhysical(memory: VirtualMemory, address: VirtualAddress): PhysicalAddress | undefined {
  const physical = memory.translate(address);
  if (physical !== undefined) return physical;
  const fault = memory.fault(address);
  if (UNMAPPED.has(fault.code)) return undefined;
  throw fault;
}

function requirePhysical(memory: VirtualMemory, address: VirtualAddress): PhysicalAddress {
  const physical = memory.translate(address);
  if (physical === undefined) throw memory.fault(address);
  return physical;
}

function splitByPage(
  address: VirtualAddress,
  bytes: Uint8Array,
): { at: VirtualAddress; piece: Uint8Array }[] {
  const pieces: { at: VirtualAddress; piece: Uint8Array }[] = [];
  for (let done = 0; done < bytes.length; ) {
    const at = BigInt.asUintN(64, address + BigInt(done));
    const step = Math.min(bytes.length - done, PAGE_SIZE - Number(at % BigInt(PAGE_SIZE)));
    pieces.push({ at, piece: bytes.subarray(done, done + step) });
    done += step;
  }
  return pieces;
}
