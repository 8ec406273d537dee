import {
  LARGE_PAGE_SIZE,
  offsetAddress,
  PAGE_SIZE,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';

/** How far two parts of a kernel's image can lie from each other: `.rodata` from `.data`. */
export const IMAGE_REACH = 64 * 1024 * 1024;

/** A page of a kernel's image. */
export interface ImagePage {
  readonly address: VirtualAddress;
  readonly bytes: Uint8Array;
}

/** Yields the pages around an address in a kernel's image, the nearest 2 MiB first, through the kernel's page tables. */
export function* eachImagePage(memory: VirtualMemory, inImage: VirtualAddress): Generator<ImagePage> {
  const middle = inImage & ~BigInt(LARGE_PAGE_SIZE - 1);
  for (let distance = 0; distance <= IMAGE_REACH; distance += LARGE_PAGE_SIZE)
    for (const place of distance === 0 ? [0] : [-distance, distance])
      yield* eachPage(memory, offsetAddress(middle, place));
}

function* eachPage(memory: VirtualMemory, start: VirtualAddress): Generator<ImagePage> {
  for (let offset = 0; offset < LARGE_PAGE_SIZE; offset += PAGE_SIZE) {
    const address = offsetAddress(start, offset);
    const page = memory.page(address);
    if (page !== undefined) yield { address, bytes: page.bytes };
  }
}

/** Where some bytes occur in others, from a place on; -1 if they do not. */
export function indexOfBytes(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] as number;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
